"""What every page needs: its template with autoescape, and our own scripts and styles with their hashes."""

import base64
import hashlib
from importlib import resources

import jinja2
from markupsafe import Markup


def page_template(name: str) -> jinja2.Template:
    """A template of this folder; what is put into it is escaped, and a name it lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ich.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page_code(**files: str) -> dict[str, str]:
    """Our own code by name, and as `<name>_hash` what a content security policy calls it.

    Args:
        files: a file of this folder a name, such as script="study_page.js".

    Source: W3C CSP level 3, 2.3.1.
    """
    code: dict[str, str] = {}
    for name, file in files.items():
        text = (resources.files("ich.report") / file).read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        code[name] = Markup(text)  # our own file, not input
        code[f"{name}_hash"] = f"sha256-{digest}"
    return code
