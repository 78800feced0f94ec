"""A page of a browser, and whoever knows no key, before the embedded AWS as it really runs."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import zipfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from yellowring_tools.local_stack.emulator import Aws, start_emulator, wait_for_emulator
from yellowring_tools.local_stack.environments import REGION, new_keys
from yellowring_tools.local_stack.processes import free_port
from yellowring_tools.local_stack.workspace import workspace
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
BROWSER_SECONDS = 90
SOCKET_SECONDS = 2
SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []
PAGE = """<!doctype html><meta charset="utf-8"><pre id="told"></pre><script type="module">
const told = [];
async function attempt(name, url, options) {
  try {
    const answer = await fetch(url, options);
    told.push(`${name}: ${answer.type} ${answer.status}`);
  } catch {
    told.push(`${name}: refused`);
  }
}
const root = {authorization: "AWS4-HMAC-SHA256 Credential=KEY/20261121/us-east-1/lambda/x"};
const json = {"content-type": "application/json"};
await attempt("list functions", "AWS/2015-03-31/functions/", {headers: root});
await attempt("create bucket", "AWS/pwned", {method: "PUT", mode: "cors"});
await attempt("reset", "AWS/_ministack/reset", {method: "POST", mode: "no-cors"});
await attempt("health", "AWS/_ministack/ready", {});
await attempt("add customer", "SIM/_sim/customers", {method: "POST", body: "{}", mode: "no-cors"});
await attempt("add as JSON", "SIM/_sim/customers", {method: "POST", body: "{}", headers: json});
await attempt("forget all", "SIM/_sim/reset", {method: "POST", mode: "no-cors"});
await attempt("read customers", "SIM/_sim/customers", {});
document.getElementById("told").textContent = told.join("\\n");
</script>"""


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """An embedded AWS with keys of its own, and nothing in it."""
    endpoint, keys = f"http://127.0.0.1:{free_port()}", new_keys()
    with (
        workspace(
            "gated",
        ) as place,
        start_emulator(endpoint, keys, place) as emulator,
    ):
        wait_for_emulator(emulator, endpoint)
        yield Aws(endpoint, keys)


def lambda_client(aws: Aws, key: str, secret: str = "secret") -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def test_the_stacks_own_key_is_let_in(aws: Aws) -> None:
    assert lambda_client(aws, aws.keys.access_key_id).list_functions()["Functions"] == []


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789012", "AKIAIOSFODNN7EXAMPLE"])
def test_no_key_that_everybody_knows_is_let_in(aws: Aws, key: str) -> None:
    with pytest.raises(ClientError, match="not this stack's own"):
        lambda_client(aws, key, "test").list_functions()


def iam_client(aws: Aws) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=aws.keys.access_key_id,
        aws_secret_access_key=aws.keys.secret_access_key,
    )


def test_a_users_keys_are_let_in_as_far_as_their_policies_go(aws: Aws) -> None:
    iam = iam_client(aws)
    iam.create_user(UserName="reader")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    with pytest.raises(ClientError, match="not authorized"):
        lambda_client(aws, made["AccessKeyId"], made["SecretAccessKey"]).list_functions()


def test_the_keys_of_a_functions_role_cannot_be_worked_out(aws: Aws) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    role = iam_client(aws).create_role(
        RoleName="told", AssumeRolePolicyDocument=json.dumps(document)
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("told.py", "import os\ndef handler(event, context): return dict(os.environ)")
    function = aws.functions.create_function(
        FunctionName="told",
        Role=role,
        Runtime="python3.13",
        Handler="told.handler",
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    told = aws.invoke("told", {})
    digest = hashlib.sha256(f"{function}:{role}".encode()).hexdigest()
    by_name = f"ASIA{digest[:16].upper()}"
    assert told["AWS_ACCESS_KEY_ID"] != by_name
    assert aws.keys.access_key_id not in json.dumps(told)
    with pytest.raises(ClientError, match="not this stack's own"):
        lambda_client(aws, by_name).list_functions()
    # Its own keys are let in, and its role may do nothing.
    own = boto3.client(
        "lambda",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=told["AWS_SESSION_TOKEN"],
    )
    with pytest.raises(ClientError, match="not authorized"):
        own.list_functions()


def raw(aws: Aws, request: str) -> bytes:
    """Send a request as it is, and return all that comes back until the connection is closed."""
    port = int(aws.endpoint.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), SOCKET_SECONDS) as connection:
        connection.sendall(request.format(port=port).replace("\n", "\r\n").encode("latin-1"))
        told = b""
        with suppress(TimeoutError):  # HTTP/2 keeps it open
            while part := connection.recv(65536):
                told += part
    return told


HOST = "Host: {host}:{{port}}\nConnection: close\n"
OF_AN_API = HOST.format(host="0a1b2c3d.execute-api.localhost")
RESETS = {
    "by a host like an API's": "POST /_ministack/reset HTTP/1.1\n"
    + HOST.format(host="a.execute-api.localhost"),
    "by an API's host": "POST /_ministack/reset HTTP/1.1\n" + OF_AN_API,
    "by one in capitals": "POST /_ministack/reset HTTP/1.1\n"
    + HOST.format(host="0A1B2C3D.EXECUTE-API.LOCALHOST"),
    "with two slashes": "POST //_ministack/reset HTTP/1.1\n" + OF_AN_API,
    "encoded": "POST /%5fministack%2freset HTTP/1.1\n" + OF_AN_API,
    "over an API's path": "POST /_aws/execute-api/../../_ministack/reset HTTP/1.1\n"
    + HOST.format(host="127.0.0.1"),
    "in absolute form": "POST http://0a1b2c3d.execute-api.localhost:{port}/_ministack/reset "
    "HTTP/1.1\n" + HOST.format(host="127.0.0.1"),
    "in absolute form of an API": "POST http://127.0.0.1:{port}/_ministack/reset HTTP/1.1\n"
    + OF_AN_API,
    "in parts": "POST /_ministack/reset HTTP/1.1\nTransfer-Encoding: chunked\n" + OF_AN_API,
    "at an IPv6 address": "POST /_ministack/reset HTTP/1.1\n" + HOST.format(host="[::1]"),
    "behind another": "GET /_ministack/ready HTTP/1.1\nHost: 127.0.0.1:{port}\n\n"
    "POST /_ministack/reset HTTP/1.1\n" + OF_AN_API,
    "as an upgrade": "POST /_ministack/reset HTTP/1.1\n"
    + OF_AN_API.replace("close", "Upgrade")
    + "Upgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__\n",
    "as a web socket": "GET /_ministack/reset HTTP/1.1\n"
    + OF_AN_API.replace("close", "Upgrade")
    + "Upgrade: websocket\nSec-WebSocket-Version: 13\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\n",
    "of an older protocol": "POST /_ministack/reset HTTP/1.0\n"
    + HOST.format(host="a.execute-api.localhost"),
}


@pytest.mark.parametrize("request_", RESETS.values(), ids=RESETS.keys())
def test_no_spelling_of_a_request_without_a_key_reaches_the_controls(
    aws: Aws, request_: str
) -> None:
    url = aws.sqs.create_queue(QueueName="kept")["QueueUrl"]
    body = "0\n\n" if "chunked" in request_ else ""
    length = "" if "chunked" in request_ or "websocket" in request_ else "Content-Length: 0\n"
    told = raw(aws, f"{request_}{length}\n{body}")
    assert told
    assert b'"reset"' not in told
    assert aws.sqs.list_queues()["QueueUrls"] == [url]


def test_an_http_api_is_reached_without_a_key_by_its_host_and_by_its_path(aws: Aws) -> None:
    apis = boto3.client(
        "apigatewayv2",
        endpoint_url=aws.endpoint,
        region_name=REGION,
        aws_access_key_id=aws.keys.access_key_id,
        aws_secret_access_key=aws.keys.secret_access_key,
    )
    api = apis.create_api(Name="told", ProtocolType="HTTP")["ApiId"]
    apis.create_stage(ApiId=api, StageName="$default")
    by_host = raw(aws, f"GET /v1 HTTP/1.1\n{HOST.format(host=f'{api}.execute-api.localhost')}\n")
    by_path = raw(
        aws, f"GET /_aws/execute-api/{api}/v1 HTTP/1.1\n{HOST.format(host='127.0.0.1')}\n"
    )
    for told in (by_host, by_path):
        assert told.startswith(b"HTTP/1.1 404")
        assert b"apigw-requestid" in told.lower()  # of an API's own answer


@contextmanager
def evil_page(text: str) -> Iterator[str]:
    """Serve a page on a port of its own, which is another origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium here")
def test_a_page_that_even_knows_the_key_does_nothing_and_reads_nothing(
    aws: Aws, tmp_path: Path
) -> None:
    assert BROWSER is not None
    with running(Simulation(SimulatorConfig("amzn1.ask.skill.x", "id", "secret"))) as simulator:
        simulator.simulation.customers.add("na", "en-US", None)
        text = PAGE.replace("AWS/", f"{aws.endpoint}/").replace("SIM/", f"{simulator.url}/")
        with evil_page(text.replace("KEY", aws.keys.access_key_id)) as url:
            done = subprocess.run(
                [
                    BROWSER,
                    "--headless",
                    "--disable-gpu",
                    "--disable-background-networking",
                    "--no-first-run",
                    "--virtual-time-budget=6000",
                    f"--user-data-dir={tmp_path}",
                    *SANDBOX,
                    "--dump-dom",
                    url,
                ],
                capture_output=True,
                timeout=BROWSER_SECONDS,
                check=True,
                text=True,
            )
        found = re.search(r'<pre id="told">([^<]*)</pre>', done.stdout)
        assert found is not None
        told = dict(line.split(": ") for line in found[1].splitlines())
        assert len(simulator.simulation.customers) == 1
    unread = {"reset", "add customer", "forget all"}
    assert told == {
        name: "opaque 0" if name in unread else "refused"
        for name in (
            "list functions",
            "create bucket",
            "health",
            "add as JSON",
            "read customers",
            *unread,
        )
    }
    assert aws.s3.list_buckets()["Buckets"] == []
