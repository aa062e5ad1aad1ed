"""What `make run` prints when everything serves."""

from typing import Any

from app.run.addresses import Addresses


def greeting(addresses: Addresses, demo: dict[str, Any]) -> str:
    """Where to click and what to type, as one block. `demo` is the content of `instance/demo.json`."""
    lines = [
        "",
        "Prefill is running. Open the demo tenant and press Apply now.",
        "",
        f"  Demo tenant      {addresses.tenant.url}",
        f"  App              {addresses.app.url}",
        f"  Emulators        {addresses.emulators.url}   (texts and mails arrive at {addresses.emulators.url}/inbox)",
        "",
        *_persona(demo.get("personas") or []),
        "  For scripts: instance/demo.json. Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)


def _persona(personas: list[dict[str, Any]]) -> list[str]:
    if not personas:
        return []
    first = personas[0]
    return [
        f"  Type this        {first['name']}",
        f"    phone number   {first['phone_number']}",
        f"    date of birth  {first['date_of_birth']}",
        f"    code           {first['code']}",
        "",
    ]
