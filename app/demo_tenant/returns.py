"""The signed token a consumer brings back from Prefill."""

import threading
import time
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

TYPE = "onboarding-return+jwt"
KEYS_LIVE_SECONDS = 300


class ReturnRefused(Exception):  # noqa: N818 - it is an answer, read by the page
    """The token proves nothing; the sentence says why."""


class Returns:
    """Checks return tokens against the keys Prefill publishes."""

    def __init__(self, app_url: str, tenant_id: str) -> None:
        self._app_url = app_url
        self._tenant_id = tenant_id
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._lock = threading.Lock()

    def verify(self, token: str, onboarding_id: str, state: str) -> dict[str, Any]:
        """The claims, when Prefill signed them for us, for this onboarding and for this visitor's `state`.

        Raises:
            ReturnRefused: anything is missing, old, or somebody else's.
        """
        try:
            decoded = jwt.decode(token, self._key_set(), algorithms=["ES256"])
            if decoded.header.get("typ") != TYPE:
                raise ReturnRefused("The token is of another kind.")
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._app_url},
                aud={"essential": True, "value": self._tenant_id},
                sub={"essential": True, "value": onboarding_id},
                state={"essential": True, "value": state},
                exp={"essential": True},
            ).validate(decoded.claims)
        except requests.RequestException:
            raise ReturnRefused("Prefill's keys could not be read, so nothing can be checked.") from None
        except (JoseError, ValueError) as error:
            raise ReturnRefused(f"The token does not hold: {error}") from None
        return dict(decoded.claims)

    def _key_set(self) -> KeySet:
        with self._lock:
            if self._keys is None or time.monotonic() - self._fetched_at > KEYS_LIVE_SECONDS:
                answer = requests.get(f"{self._app_url}/.well-known/jwks.json", timeout=(3.05, 10))
                answer.raise_for_status()
                self._keys = KeySet.import_key_set(answer.json())
                self._fetched_at = time.monotonic()
            return self._keys
