"""`/brand/…css`: a tenant's tokens, kept for ever, because another version has another address."""

import pytest

from app.domain.ids import wire_id
from app.domain.tenant_settings import Branding, FlowSettings, save_settings
from tests.support.clients import CheckedClient
from tests.support.tenants import MadeTenant


def test_a_version_never_changes(client: CheckedClient, tenant: MadeTenant) -> None:
    name = wire_id("tenant", tenant.scope.tenant_id)
    with tenant.services.database.session(tenant.scope) as session:
        branding = Branding(name="Acme", short_name="Acme", light={"action": "#0f5a3d"})
        version = save_settings(session, tenant.scope, FlowSettings(), branding).version
    answer = client.get(f"/brand/{name}/test/{version}.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "--action: #0f5a3d;" in answer.get_data(as_text=True)
    assert "#0f5a3d" not in client.get(f"/brand/{name}/test/1.css").get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    [
        "{name}/test/99.css",
        "{name}/live/99.css",
        "{name}/other/1.css",
        "ten_" + "0" * 32 + "/test/1.css",
        "x/test/1.css",
    ],
)
def test_what_there_is_not(client: CheckedClient, tenant: MadeTenant, path: str) -> None:
    name = wire_id("tenant", tenant.scope.tenant_id)
    assert client.get(f"/brand/{path.format(name=name)}").status_code == 404
