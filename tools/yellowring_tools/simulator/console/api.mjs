// The simulator's controls.

/** Call a control; throws an Error with its message when it refuses. */
export async function call(method, path, body) {
  const response = await fetch("/_sim" + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: method === "GET" ? {} : { "content-type": "application/json" },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Let a customer do something. */
export const act = (userId, action, body = {}) =>
  call("POST", `/customers/${encodeURIComponent(userId)}/${action}`, body);

/** Read all that the page shows, the newest `shown` customers of it. */
export async function readAll(shown) {
  const [health, customers, notifications, events, messages, requests] = await Promise.all([
    call("GET", "/health"),
    call("GET", `/customers?limit=${shown}`),
    call("GET", `/notifications?limit=${shown * 4}`),
    call("GET", "/events?limit=40"),
    call("GET", "/messages?limit=20"),
    call("GET", "/requests"),
  ]);
  return { health, customers, notifications, events, messages, requests };
}
