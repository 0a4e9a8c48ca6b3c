"""Countries by the names that sources use. Codes: ISO 3166, and XK for Kosovo, which has no ISO code."""

from functools import cache

import pycountry

# Names that are not in ISO 3166, from Johns Hopkins and Our World in Data.
_OTHERS = {
    "bolivia": "BO",
    "bonaire sint eustatius and saba": "BQ",
    "brunei": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "congo (brazzaville)": "CG",
    "congo (kinshasa)": "CD",
    "cote d'ivoire": "CI",
    "curacao": "CW",
    "democratic republic of congo": "CD",
    "east timor": "TL",
    "faeroe islands": "FO",
    "falkland islands": "FK",
    "holy see": "VA",
    "korea, north": "KP",
    "korea, south": "KR",
    "kosovo": "XK",
    "micronesia": "FM",
    "micronesia (country)": "FM",
    "palestine": "PS",
    "reunion": "RE",
    "russia": "RU",
    "saint barthelemy": "BL",
    "saint helena": "SH",
    "saint martin (french part)": "MF",
    "sint maarten (dutch part)": "SX",
    "taiwan*": "TW",
    "turkey": "TR",
    "uk": "GB",
    "united states virgin islands": "VI",
    "us": "US",
    "usa": "US",
    "vatican": "VA",
    "west bank and gaza": "PS",
}

_SLUGS = {"RU": "russia", "TR": "turkey", "VA": "holy-see"}


@cache
def code_of(name: str) -> str | None:
    """Return the code of two letters, or None if the name is not a country's."""
    known = name.strip().casefold()
    return _OTHERS.get(known) or _by_name().get(known)


def is_code(code: str) -> bool:
    # pycountry ignores case, so that some letters outside ASCII match too, such as the Kelvin sign.
    return code == "XK" or (code.isascii() and code.isupper() and pycountry.countries.get(alpha_2=code) is not None)


def name_of(code: str) -> str:
    country = pycountry.countries.get(alpha_2=code)
    return "Kosovo" if country is None else getattr(country, "common_name", country.name)


def slug_of(code: str) -> str:
    """Return a country's name in the addresses of covid19api.com and disease.sh."""
    return _SLUGS.get(code) or name_of(code).lower().replace(",", "").replace(" ", "-")


@cache
def _by_name() -> dict[str, str]:
    kinds = ("official_name", "name", "common_name")
    return {
        getattr(country, kind).casefold(): country.alpha_2
        for kind in kinds
        for country in pycountry.countries
        if hasattr(country, kind)
    }
