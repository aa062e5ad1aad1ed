"""The calls of Prefill's REST API that this tenant makes."""

from typing import Any, cast

import requests

SECONDS = (3.05, 20)


class PrefillError(Exception):
    """A call failed; `status` is the HTTP status, or None when nothing answered."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class PrefillApi:
    """One tenant's access. The key stays on this server and never reaches a browser."""

    def __init__(self, app_url: str, api_key: str) -> None:
        self._base = f"{app_url}/api/v1"
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def create(self, idempotency_key: str, **fields: str) -> dict[str, Any]:
        """A new onboarding with its launch link in `url`. The same key and fields give the same one again."""
        return self._call("POST", "/onboardings", headers={"Idempotency-Key": idempotency_key}, json=fields)

    def onboarding(self, onboarding_id: str) -> dict[str, Any]:
        return self._call("GET", f"/onboardings/{onboarding_id}")

    def onboardings(self, limit: int) -> list[dict[str, Any]]:
        """The newest first."""
        return cast(list[dict[str, Any]], self._call("GET", "/onboardings", params={"limit": limit})["data"])

    def fresh_link(self, onboarding_id: str) -> dict[str, Any]:
        """`{url, link_expires_at}`; the link before it stops working."""
        return self._call("POST", f"/onboardings/{onboarding_id}/link")

    def result(self, onboarding_id: str) -> dict[str, Any]:
        """What the consumer confirmed. Fails with status 409 until the onboarding is completed."""
        return self._call("GET", f"/onboardings/{onboarding_id}/result")

    def _call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        try:
            answer = requests.request(
                method, self._base + path, headers=self._headers | (headers or {}), timeout=SECONDS, **more
            )
            body = answer.json()
        except requests.RequestException as error:
            raise PrefillError("Prefill did not answer.") from error
        if not answer.ok:
            raise PrefillError(body.get("detail") or body.get("title") or "Prefill refused.", answer.status_code)
        return cast(dict[str, Any], body)
