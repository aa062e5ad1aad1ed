"""Names and addresses out of capitals, and whole names taken apart."""

import pytest

from app.providers.addresses import tidy_address
from app.providers.casing import nice_address, nice_name, same_name, split_name
from app.providers.observations import Address
from app.providers.phones import e164


@pytest.mark.parametrize(
    ("given", "nice"),
    [
        ("MARA J EXAMPLE", "Mara J Example"),
        ("MARIA DE LA CRUZ-O'NEIL III", "Maria de la Cruz-O'Neil III"),
        ("JOHN MCDONALD", "John McDonald"),
        ("MACK MACHADO", "Mack Machado"),
        ("DE LA CRUZ", "De la Cruz"),
        ("VI NGUYEN", "Vi Nguyen"),
        ("JOSÉ ÁLVAREZ", "José Álvarez"),
        ("  JOHN   SMITH ", "John Smith"),
        ("DeShawn McCoy", "DeShawn McCoy"),
        ("danah boyd", "danah boyd"),
        ("", ""),
    ],
)
def test_nice_names(given: str, nice: str) -> None:
    assert nice_name(given) == nice


@pytest.mark.parametrize(
    ("given", "nice"),
    [
        ("12 NW MAIN ST APT 4B", "12 NW Main St Apt 4B"),
        ("1 42ND ST", "1 42nd St"),
        ("PO BOX 12", "PO Box 12"),
        ("10 E LA BREA AVE", "10 E La Brea Ave"),
        ("123 Main St.", "123 Main St."),
    ],
)
def test_nice_addresses(given: str, nice: str) -> None:
    assert nice_address(given) == nice


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("ALBERTA BOBBETH CHARLESON", ("Alberta Bobbeth", "Charleson")),
        ("SMITH, JOHN A", ("John A", "Smith")),
        ("JOHN SMITH JR", ("John", "Smith Jr")),
        ("JOHN SMITH, JR.", ("John", "Smith Jr.")),
        ("LUDWIG VAN BEETHOVEN", ("Ludwig", "Van Beethoven")),
        ("MARIA DE LA CRUZ", ("Maria", "De la Cruz")),
        ("MARIA E ORTIZ REYES", ("Maria E", "Ortiz Reyes")),
        ("J. R. R. TOLKIEN", ("J. R. R.", "Tolkien")),
        ("CHER", None),
        ("ACME TRUCKING LLC", None),
        ("THE SMITH FAMILY TRUST", None),
        ("JOHN & MARY SMITH", None),
        ("JOHN OR MARY SMITH", None),
        ("JOHN/MARY SMITH", None),
        ("USER 12345", None),
        (", ", None),
        ("", None),
    ],
)
def test_whole_names_are_taken_apart(whole: str, parts: tuple[str, str] | None) -> None:
    assert split_name(whole) == parts


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("MARIA J GARCIA", "Maria Garcia", True),
        ("M GARCIA", "Maria Garcia", True),
        ("MARIA E ORTIZ REYES", "Maria Elena Ortiz Reyes", True),
        ("GARCIA, MARIA", "Maria Garcia", True),
        ("O'Brien, Pat", "Pat OBrien", True),
        ("John Smith Jr", "john smith", True),
        ("Jose Garcia", "Maria Garcia", False),
        ("Maria Lopez", "Maria Garcia", False),
        ("Maria", "Maria Garcia", False),
        ("", "", False),
    ],
)
def test_whether_two_names_are_one_persons(left: str, right: str, same: bool) -> None:
    assert same_name(left, right) is same
    assert same_name(right, left) is same


def address(**parts: str | None) -> Address:
    empty: Address = {
        "street": None, "unit": None, "city": None, "state": None, "postal_code": None, "country": None,
    }  # fmt: skip
    return {**empty, **parts}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("street", "tidy", "unit"),
    [
        ("10 TEST ST APT 4B", "10 Test St", "Apt 4B"),
        ("10 Test St, Unit 7", "10 Test St", "Unit 7"),
        ("10 Test St #12", "10 Test St", "#12"),
        ("10 SUITE LN", "10 Suite Ln", None),
        ("10 Test St", "10 Test St", None),
    ],
)
def test_the_unit_leaves_the_street_line(street: str, tidy: str, unit: str | None) -> None:
    found = tidy_address(address(street=street))
    assert (found["street"], found["unit"]) == (tidy, unit)


def test_a_given_unit_stays_and_codes_are_capitals() -> None:
    found = tidy_address(address(street="10 A ST APT 1", unit="REAR", city="FRESNO", state="ca", country="us"))
    assert found == address(street="10 A St Apt 1", unit="Rear", city="Fresno", state="CA", country="US")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1112223333", "+11112223333"),
        ("(415) 555-0011", "+14155550011"),
        ("+14155550011", "+14155550011"),
        ("14155550011", "+14155550011"),
        ("+44 20 7946 0958", "+442079460958"),
        ("12345", None),
        ("", None),
        ("call me", None),
    ],
)
def test_phones_become_e164(text: str, number: str | None) -> None:
    assert e164(text) == number
