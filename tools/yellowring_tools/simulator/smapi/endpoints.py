"""SMAPI's addresses, and the URLs that packages are uploaded to."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from yellowring_tools.simulator.answers import ConnectionReset, NoAnswer, json_answer
from yellowring_tools.simulator.facts import SMAPI_SCOPE
from yellowring_tools.simulator.faults import draw
from yellowring_tools.simulator.smapi.packages import LARGEST
from yellowring_tools.simulator.smapi.refusals import (
    Problem,
    SmapiRefused,
    bad_request,
    not_found,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from random import Random

    from starlette.requests import Request

    from yellowring_tools.simulator.faults import SmapiFaults
    from yellowring_tools.simulator.simulation import Simulation

UPLOADS = "/smapi-uploads"
_SERVER_ERRORS = (500, 503)
_SKILL = "/v1/skills/{skill_id}"
_AT_STAGE = f"{_SKILL}/stages/{{stage}}"

type _Operation = Callable[[Request, bytes], Response]


class SmapiEndpoints:
    """The handlers of SMAPI; each operation goes by its name in the ASK CLI."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._asked = 0

    def routes(self) -> list[Route]:
        """Make their routes."""
        operations: tuple[tuple[str, str, str, _Operation], ...] = (
            ("GET", "/v1/vendors", "get-vendor-list", self.vendors),
            ("GET", "/v1/skills", "list-skills-for-vendor", self.skills),
            ("POST", "/v1/skills/uploads", "create-upload-url", self.new_upload),
            ("POST", "/v1/skills/imports", "create-skill-package", self.create),
            ("GET", "/v1/skills/imports/{import_id}", "get-import-status", self.import_status),
            ("POST", f"{_SKILL}/imports", "import-skill-package", self.import_into),
            ("GET", f"{_SKILL}/status", "get-skill-status", self.status),
            ("GET", f"{_SKILL}/credentials", "get-skill-credentials", self.credentials),
            ("GET", f"{_AT_STAGE}/manifest", "get-skill-manifest", self.manifest),
            ("PUT", f"{_AT_STAGE}/manifest", "update-skill-manifest", self.update_manifest),
            (
                "GET",
                f"{_AT_STAGE}/interactionModel/locales/{{locale}}",
                "get-interaction-model",
                self.model,
            ),
            ("PUT", f"{_AT_STAGE}/enablement", "set-skill-enablement", self.enable),
            ("GET", f"{_AT_STAGE}/enablement", "get-skill-enablement-status", self.enabled),
            ("DELETE", f"{_AT_STAGE}/enablement", "delete-skill-enablement", self.disable),
        )
        return [
            Route(path, self._handler(name, operation), methods=[method])
            for method, path, name, operation in operations
        ] + [Route(f"{UPLOADS}/{{name}}", self.upload, methods=["PUT"])]

    # ---- operations ----

    def vendors(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """List the developer's vendor accounts."""
        return json_answer(self._simulation.account.vendors())

    def skills(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Give a page of a vendor's skills."""
        query = request.query_params
        account = self._simulation.account
        page = account.page(query.get("vendorId"), query.get("maxResults"), query.get("nextToken"))
        return json_answer(page)

    def new_upload(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Make an upload URL."""
        name, ends = self._simulation.account.new_upload()
        url = f"{self._simulation.url}{UPLOADS}/{name}"
        return json_answer({"uploadUrl": url, "expiresAt": ends.isoformat()}, 201)

    def create(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Begin the import of a package as a new skill."""
        return _import_begun(self._simulation.account.create(_object(body), self._seconds))

    def import_into(self, request: Request, body: bytes) -> Response:
        """Begin the import of a package into a skill."""
        skill_id, if_match = request.path_params["skill_id"], request.headers.get("if-match")
        account, document = self._simulation.account, _object(body)
        return _import_begun(account.import_into(skill_id, document, if_match, self._seconds))

    def import_status(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Tell how far an import is."""
        return json_answer(self._simulation.account.import_status(request.path_params["import_id"]))

    def status(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Tell the state of a skill's manifest and models."""
        document = self._simulation.account.skill(request.path_params["skill_id"]).status()
        wanted = request.query_params.getlist("resource")
        return json_answer({key: document[key] for key in document if key in (wanted or document)})

    def credentials(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Tell a skill's client id and secret."""
        found = self._simulation.account.skill(request.path_params["skill_id"]).credentials()
        if found is None:
            raise not_found("Credentials: the skill's manifest asks for no permission, they")
        return json_answer({"skillMessagingCredentials": found})

    def manifest(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Give a manifest, with its eTag."""
        skill = self._simulation.account.skill(**_at_stage(request))
        return json_answer(skill.document(), headers={"etag": skill.etag()})

    def update_manifest(self, request: Request, body: bytes) -> Response:
        """Begin the replacement of a manifest."""
        skill_id, if_match = request.path_params["skill_id"], request.headers.get("if-match")
        if request.path_params["stage"] != "development":
            raise refused(403, "FORBIDDEN", "Only the development stage can be changed")
        account, document = self._simulation.account, _object(body)
        account.update_manifest(skill_id, document, if_match, self._seconds)
        status = f"/v1/skills/{skill_id}/status?resource=manifest"
        return Response(status_code=202, headers={"location": status})

    def model(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Give a locale's interaction model."""
        skill = self._simulation.account.skill(**_at_stage(request))
        locale = request.path_params["locale"]
        if (model := skill.model(locale)) is None:
            raise not_found(f"Interaction model of locale {locale}")
        return json_answer({"version": "1", **model}, headers={"etag": skill.etag()})

    def enable(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Enable a skill for the developer."""
        skill = self._simulation.account.skill(**_at_stage(request))
        if skill.busy or not skill.sound:
            raise refused(409, "CONFLICT", "The skill is not built: see its status")
        self._simulation.enable_for_developer(skill)
        return Response(status_code=204)

    def enabled(self, request: Request, body: bytes) -> Response:  # noqa: ARG002
        """Tell whether a skill is enabled for the developer."""
        skill = self._simulation.account.skill(**_at_stage(request))
        you = self._simulation.developer
        if you is None or not you.enabled or skill is not self._simulation.account.served:
            raise not_found(f"Enablement of skill {skill.skill_id}")
        return Response(status_code=204)

    def disable(self, request: Request, body: bytes) -> Response:
        """Disable a skill for the developer, who can come back under the same user id."""
        answer, you = self.enabled(request, body), self._simulation.developer
        if you is not None:
            self._simulation.customers.disable(you, "PERSISTED")
        return answer

    async def upload(self, request: Request) -> Response:
        """Take a package; the URL opens by itself, and a token has no business here."""
        if "authorization" in request.headers:
            return Response("Only one auth mechanism allowed", 400)
        content = await request.body()
        if len(content) > LARGEST:
            return Response("EntityTooLarge", 400)
        taken = self._simulation.account.take_upload(request.path_params["name"], content)
        return Response(status_code=200) if taken else Response("Request has expired", 403)

    # ---- how ----

    @property
    def _seconds(self) -> float:
        return self._simulation.faults.smapi.import_seconds

    def _handler(
        self, name: str, operation: _Operation
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def handle(request: Request) -> Response:
            body = await request.body()
            try:
                return await self._answer(name, operation, request, body)
            except SmapiRefused as refusal:
                return json_answer(refusal.document, refusal.status)

        return handle

    async def _answer(
        self, name: str, operation: _Operation, request: Request, body: bytes
    ) -> Response:
        simulation, faults = self._simulation, self._simulation.faults.smapi
        authorization, now = request.headers.get("authorization"), simulation.clock()
        if reason := simulation.tokens.refusal(authorization, SMAPI_SCOPE, now):
            raise refused(401, "UNAUTHORIZED", reason)
        if not self._strikes(name, faults):
            return operation(request, body)
        self._asked += 1
        random = draw(simulation.faults.seed, "smapi", self._asked)
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        if (failure := _failure(faults, random)) is not None:
            return failure
        lost = random.random() < faults.reset_after_accept
        unanswered = random.random() < faults.timeout
        answer = operation(request, body)
        if lost:
            return ConnectionReset()
        return NoAnswer(faults.timeout_seconds) if unanswered else answer

    def _strikes(self, name: str, faults: SmapiFaults) -> bool:
        """Tell whether this request is one of those that the faults are for."""
        if faults.only and name not in faults.only:
            return False
        return faults.most is None or self._simulation.strike(faults.most)


def _failure(faults: SmapiFaults, random: Random) -> Response | None:
    if random.random() < faults.unauthorized:
        return json_answer({"code": "UNAUTHORIZED", "message": "Access token is not valid"}, 401)
    if random.random() < faults.throttle:
        headers = {} if faults.retry_after is None else {"retry-after": str(faults.retry_after)}
        document = {"code": "TOO_MANY_REQUESTS", "message": "Request rate is too high"}
        return json_answer(document, 429, headers)
    if random.random() < faults.error_5xx:
        document = {"code": "INTERNAL_SERVER_ERROR", "message": "Internal Server Error"}
        return json_answer(document, random.choice(_SERVER_ERRORS))
    return None


def _import_begun(import_id: str) -> Response:
    return Response(status_code=202, headers={"location": f"/v1/skills/imports/{import_id}"})


def _at_stage(request: Request) -> dict[str, str]:
    return {name: request.path_params[name] for name in ("skill_id", "stage")}


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise bad_request([Problem("INVALID_JSON", "The body must be a JSON object")])
    return document
