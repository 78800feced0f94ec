"""A developer who calls SMAPI without a server, by hand or with the ASK SDK's own client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ask_sdk_model_runtime import (
    ApiClientResponse,
    ApiConfiguration,
    AuthenticationConfiguration,
    DefaultSerializer,
)
from ask_smapi_model.services.skill_management import SkillManagementServiceClient
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.simulation import Simulation

from tests.skill_packages import package_files, zipped
from tests.unit.simulator.support import FORM_HEADERS, Client, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.simulator.support import Answer, Json

IMPORT_SECONDS = 0.5
VENDOR = "MSIMULATED0001"


class Developer(Client):
    """Has a simulator without a skill, its clock, and a token."""

    def __init__(
        self, invoke: Callable[[bytes], bytes | None] | None = None, **config: Json
    ) -> None:
        self.clock = Clock()
        self.config = SimulatorConfig(**config)
        super().__init__(
            Simulation(self.config, clock=self.clock, monotonic=self.clock.monotonic, invoke=invoke)
        )
        self.authorization = {"authorization": f"Bearer {self.developer_token()}"}

    def login(self, **changes: str | None) -> dict[str, str]:
        login = self.config.developer
        form = {
            "grant_type": "refresh_token",
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "refresh_token": login.refresh_token,
            **changes,
        }
        return {name: value for name, value in form.items() if value is not None}

    def developer_token(self) -> str:
        answer = self.call("POST", "/auth/O2/token", urlencode(self.login()).encode(), FORM_HEADERS)
        assert answer.status == 200, answer.body
        token: str = answer.document["access_token"]
        return token

    def smapi(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(method, f"/v1{path}", body, self.authorization | more)

    def upload(self, files: dict[str, bytes] | None = None) -> str:
        """Upload a package; returns its location."""
        location: str = self.smapi("POST", "/skills/uploads").document["uploadUrl"]
        packed = zipped(package_files() if files is None else files)
        assert self.call("PUT", urlsplit(location).path, packed).status == 200
        return location

    def imported(self, files: dict[str, bytes] | None = None, skill_id: str | None = None) -> Json:
        """Import a package and wait; gives the status."""
        body = {"location": self.upload(files)}
        path = "/skills/imports" if skill_id is None else f"/skills/{skill_id}/imports"
        begun = self.smapi("POST", path, body if skill_id else {"vendorId": VENDOR, **body})
        assert begun.status == 202, begun.body
        self.clock.advance(seconds=IMPORT_SECONDS)
        return self.smapi("GET", begun.headers["location"].removeprefix("/v1")).document

    def skill(self, files: dict[str, bytes] | None = None) -> str:
        """Make a skill; returns its id."""
        status = self.imported(files)
        assert status["status"] == "SUCCEEDED", status
        skill_id: str = status["skill"]["skillId"]
        return skill_id

    def sdk(self) -> Any:
        """Give the ASK SDK's own client of SMAPI."""
        serializer = DefaultSerializer()
        login = self.config.developer
        return SkillManagementServiceClient(
            ApiConfiguration(serializer, _Wire(self), "", "http://simulated"),
            AuthenticationConfiguration(login.client_id, login.client_secret, login.refresh_token),
        )


class _Wire:
    """Takes what the ASK SDK's clients send to the application, as it is."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def invoke(self, request: Any) -> Any:
        address = urlsplit(request.url)
        path = f"{address.path}?{address.query}" if address.query else address.path
        is_form = address.path.lower() == "/auth/o2/token"
        body = request.body if is_form else None if request.body is None else request.body
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        answer = self._client.call(
            request.method, path, b"" if body is None else raw, dict(request.headers)
        )
        return ApiClientResponse(
            headers=list(answer.headers.items()),
            body=answer.body.decode(),
            status_code=answer.status,
        )
