"""Whether a tracking server answers and gives access, asked before MLflow is imported, which takes seconds and retries."""

import base64
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

QUESTION = "/api/2.0/mlflow/experiments/search?max_results=1"
"""What is asked: the same as MLflow's client asks first. A server that wants a password wants none for `/health`."""

LONGEST_REASON = 120
"""Bytes of a server's answer that are shown."""


def why_refused(uri: str, timeout: float) -> str | None:
    """Return why a tracking server gives no access, and the mend; None if it answers in any other way.

    The server is asked with the user and password of the URI, or else of MLflow's environment variables.

    Parameters
    ----------
    uri : str
        `http(s)://…`.
    timeout : float
        Seconds.

    Raises
    ------
    OSError, ValueError, http.client.HTTPException
        If nothing answers, or the address is none.
    """
    import urllib.error
    import urllib.request

    address, authorization = _without_user(uri)
    authorization = authorization or _from_environment()
    headers = {"Authorization": authorization} if authorization else {}
    request = urllib.request.Request(address.rstrip("/") + QUESTION, headers=headers)
    try:
        urllib.request.urlopen(request, timeout=timeout).close()
    except urllib.error.HTTPError as error:
        with error:
            if error.code not in (401, 403) or _knows_other_ways():
                return None
            is_text = error.headers.get_content_type() == "text/plain"
            said = error.read(LONGEST_REASON).decode(errors="replace") if is_text else ""
            why = " ".join([f"HTTP {error.code}", *said.split()])
            return (
                f"the server gives no access ({why}); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to a user "
                "that it knows"
            )
    return None


def _without_user(uri: str) -> tuple[str, str]:
    """Return the address of a server without its user and password, and these as a header, empty if there are none."""
    parts = urlsplit(uri)
    user_info, at, host = parts.netloc.rpartition("@")
    if not at:
        return uri, ""
    user, _, password = user_info.partition(":")
    return urlunsplit(parts._replace(netloc=host)), _basic(unquote(user), unquote(password))


def _from_environment() -> str:
    """Return the header that MLflow makes of its environment variables, empty if there are none."""
    user, password = (os.environ.get(f"MLFLOW_TRACKING_{part}") for part in ("USERNAME", "PASSWORD"))
    if user and password:
        return _basic(user, password)
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return f"Bearer {token}" if token else ""


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _knows_other_ways() -> bool:
    """Whether MLflow may know how to get access in a way that is not tried here."""
    variables = ("MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_CLIENT_CERT_PATH")
    files = (Path.home() / ".mlflow" / "credentials", Path(os.environ.get("NETRC", Path.home() / ".netrc")))
    return any(os.environ.get(name) for name in variables) or any(file.exists() for file in files)
