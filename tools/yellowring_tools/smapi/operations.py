"""SMAPI's operations that are used, over any way of asking for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from yellowring_tools.smapi import resources
from yellowring_tools.smapi.call import Call
from yellowring_tools.smapi.errors import SmapiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring.alexa.lwa import Credentials

    from yellowring_tools.smapi.call import Answer, Transport
    from yellowring_tools.smapi.resources import ImportStatus, SkillStatus, SkillSummary, Vendor

Stage = Literal["development", "live"]
PAGE = 50
"""Skills on a page; the most that SMAPI gives."""
_SKILL = "/v1/skills/{skill-id}"
_AT_STAGE = f"{_SKILL}/stages/{{stage}}"


class Smapi:
    """The Skill Management API, as one developer may use it.

    Every operation raises ``SmapiError`` when it was refused, with what to do, and
    ``SmapiUnknown`` when nobody knows whether it was done. Reading and enabling are repeated by
    themselves; creating a skill never is.

    Parameters
    ----------
    transport
        How SMAPI is asked: with a bearer token over HTTP, or through the ASK CLI.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def vendors(self) -> tuple[Vendor, ...]:
        """Return the vendor accounts of the developer; most have one."""
        return resources.vendors(self._send(Call("get-vendor-list", "GET", "/v1/vendors")).body)

    def skills(self, vendor_id: str) -> Iterator[SkillSummary]:
        """Yield every skill of a vendor, each stage of it by itself, page by page."""
        token: str | None = None
        seen: set[str] = set()
        while True:
            options = {"vendor-id": vendor_id, "max-results": str(PAGE)}
            if token is not None:
                options["next-token"] = token
            call = Call("list-skills-for-vendor", "GET", "/v1/skills", options)
            page, token = resources.skills(self._send(call).body)
            yield from page
            if token is None:
                return
            if token in seen:
                raise SmapiError(
                    None, "GARBLED", "SMAPI's list of skills comes back to a page: try again"
                )
            seen.add(token)

    def upload(self, package: bytes) -> str:
        """Upload a zipped skill package, and return its location for an import.

        The location holds for some minutes only, so it is not worth keeping.
        """
        call = Call("create-upload-url", "POST", "/v1/skills/uploads", repeatable=True)
        document = self._send(call).body
        location = document.get("uploadUrl") if isinstance(document, dict) else None
        if not isinstance(location, str) or not location:
            raise SmapiError(None, "GARBLED", "SMAPI gave no URL to upload to: try again")
        self._transport.put(location, package)
        return location

    def create_skill(self, vendor_id: str, location: str) -> str:
        """Begin the import of a package as a new skill, and return the import's id.

        It is asked for once: two of these make two skills. After ``SmapiUnknown``, ``skills``
        tells whether it is there.
        """
        body = {"vendorId": vendor_id, "location": location}
        options = {"vendor-id": vendor_id, "location": location}
        call = Call(
            "create-skill-package", "POST", "/v1/skills/imports", options, body=body, once=True
        )
        return _import_id(self._send(call))

    def import_package(self, skill_id: str, location: str, etag: str | None = None) -> str:
        """Begin the import of a package into a skill, and return the import's id.

        Parameters
        ----------
        skill_id
            The skill, whose development stage is replaced.
        location
            From ``upload``.
        etag
            What the skill was read with; an error of status 412 says that it is another now.
        """
        options = {"skill-id": skill_id, "location": location}
        path, body = f"{_SKILL}/imports", {"location": location}
        call = Call("import-skill-package", "POST", path, options, body=body, if_match=etag)
        return _import_id(self._send(call))

    def import_status(self, import_id: str) -> ImportStatus:
        """Return how far an import is; one takes from some seconds to minutes."""
        path = "/v1/skills/imports/{import-id}"
        call = Call("get-import-status", "GET", path, {"import-id": import_id})
        return resources.import_status(self._send(call).body)

    def manifest(
        self, skill_id: str, stage: Stage = "development"
    ) -> tuple[dict[str, Any], str | None]:
        """Return a manifest, ``{"manifest": {…}}`` as in ``skill.json``, and its ETag."""
        options = {"skill-id": skill_id, "stage": stage}
        answer = self._send(Call("get-skill-manifest", "GET", f"{_AT_STAGE}/manifest", options))
        if not isinstance(answer.body, dict) or not isinstance(answer.body.get("manifest"), dict):
            raise SmapiError(None, "GARBLED", "SMAPI's answer is no manifest: try again")
        return answer.body, answer.headers.get("etag")

    def update_manifest(self, skill_id: str, manifest: Mapping[str, Any], etag: str | None) -> None:
        """Replace the manifest of the development stage; ``status`` tells when it is done.

        Parameters
        ----------
        skill_id
            The skill.
        manifest
            ``{"manifest": {…}}``, whole.
        etag
            What it was read with; an error of status 412 says that it is another now.
        """
        options = {"skill-id": skill_id, "stage": "development"}
        path, body = f"{_AT_STAGE}/manifest", dict(manifest)
        call = Call("update-skill-manifest", "PUT", path, options, body=body, if_match=etag)
        self._send(call)

    def status(self, skill_id: str) -> SkillStatus:
        """Return the state of the manifest and of each locale's model."""
        call = Call("get-skill-status", "GET", f"{_SKILL}/status", {"skill-id": skill_id})
        return resources.skill_status(self._send(call).body)

    def interaction_model(
        self, skill_id: str, locale: str, stage: Stage = "development"
    ) -> dict[str, Any]:
        """Return a locale's model, ``{"interactionModel": {…}}`` as in the package's files."""
        options = {"skill-id": skill_id, "stage": stage, "locale": locale}
        path = f"{_AT_STAGE}/interactionModel/locales/{{locale}}"
        document = self._send(Call("get-interaction-model", "GET", path, options)).body
        if not isinstance(document, dict):
            raise SmapiError(None, "GARBLED", "SMAPI's answer is no interaction model: try again")
        return document

    def credentials(self, skill_id: str) -> Credentials:
        """Return the client id and secret by which the skill calls Alexa; keep them secret.

        A skill has them once its manifest asks for a permission.
        """
        call = Call("get-skill-credentials", "GET", f"{_SKILL}/credentials", {"skill-id": skill_id})
        return resources.credentials(self._send(call).body)

    def enable(self, skill_id: str, stage: Stage = "development") -> None:
        """Enable the skill for the developer's own account; again is no error."""
        options = {"skill-id": skill_id, "stage": stage}
        path = f"{_AT_STAGE}/enablement"
        self._send(Call("set-skill-enablement", "PUT", path, options, repeatable=True))

    def enabled(self, skill_id: str, stage: Stage = "development") -> bool:
        """Tell whether the skill is enabled for the developer's own account."""
        options = {"skill-id": skill_id, "stage": stage}
        try:
            self._send(
                Call("get-skill-enablement-status", "GET", f"{_AT_STAGE}/enablement", options)
            )
        except SmapiError as error:
            if error.status == 404:  # noqa: PLR2004 - the model's answer for what is not enabled
                return False
            raise
        return True

    def _send(self, call: Call) -> Answer:
        return self._transport.send(call)


def _import_id(answer: Answer) -> str:
    """Read an import's id out of the ``Location`` of its status."""
    found = urlsplit(answer.headers.get("location", "")).path.rstrip("/").rpartition("/")[2]
    if not found:
        raise SmapiError(
            None,
            "GARBLED",
            "SMAPI took the package but did not say where its import can be followed: list the "
            "vendor's skills before trying again",
        )
    return found
