"""An applicant whose values can be found wherever they must not be, in files of every kind."""

from section1.test.support import application, csv_of

APPLICANT = application("Quillabelle Zanzivar", "quillabelle@zanzi-mail.com", "1987-03-04", "98127634")
SECRETS = ("quilla", "zanzi", "98127634", "9812 7634", "1987-03-04", "03/04/1987", "19870304")
LABELLED = {
    "american.csv": csv_of(application("Zanzivar", "quilla@zanzi-mail.org", "03/04/1987", "9812 7634")),
    "good.csv": csv_of(
        APPLICANT, application("Dr Quillabelle Zanzivar", "other@zanzi-mail.net", "1987-03-04", "98127634")
    ),
    "malformed.csv": csv_of(APPLICANT, f"{APPLICANT},more", "Zanzivar,98127634", f'"{APPLICANT}" x', f'"{APPLICANT}'),
    "not utf-8.csv": csv_of() + APPLICANT.encode("utf-8") + b"\xe9\n",
}
REFUSED = {
    "doubled.csv": f"name,{APPLICANT},name,email,date_of_birth,mobile_no\n".encode(),
    "malformed header.csv": f'"{APPLICANT}"x\n{APPLICANT}\n'.encode(),
    "no header.csv": f"{APPLICANT}\n{APPLICANT}\n".encode(),
    "no email.csv": f"name,date_of_birth,mobile_no\n{APPLICANT}\n".encode(),
    "open header.csv": f'"{APPLICANT}\n{APPLICANT}\n'.encode(),
}


def personal_data_in(text: str) -> list[str]:
    """Return the applicant's values that the text contains."""
    return [secret for secret in SECRETS if secret in text.lower()]
