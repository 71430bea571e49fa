"""Sending a Space's folder to the Hugging Face hub."""

import warnings
from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError

from fer.errors import UserError, reason_of
from fer.ship.space import FORMERLY, SPACES, allowed_files

_REFUSED = {
    401: "the token is not valid; 'hf auth login' stores a new one",
    402: "it runs a Space of this kind for paying accounts only; a static one is free for everyone:"
    " 'fer space browser' makes it",
    403: "the token may not write there; is the name yours, and was the token made for writing?",
    404: "there is no such user or organisation; is the name yours?",
}
"""By status of the answer: why, and what to do."""


def upload(folder: Path, kind: str, repository: str) -> str:
    """Make the Space ``repository`` (``user/name``) hold what ``folder`` does.

    Only the files of `allowed_files` are sent, and of those only what differs; what an earlier
    version of them left behind is deleted there. The hub checks the front matter first.

    Returns:
        The address of the Space.

    Raises:
        UserError: if the name lacks its user, there is no token, or the hub refuses or cannot be
            reached.
    """
    if "/" not in repository:  # the hub would make it, and then not find it by this name
        raise UserError(
            f"'{repository}' does not say whose the Space is: name it USER/NAME, such as "
            f"your-name/{repository}."
        )
    if get_token() is None:
        raise UserError(
            "There is no token for the hub on this machine: 'hf auth login' stores one, or "
            "HF_TOKEN holds one that may write."
        )
    space, hub = SPACES[kind], HfApi()
    try:
        address = hub.create_repo(repository, repo_type="space", space_sdk=space.sdk, exist_ok=True)
        # Figures of a bundle are parquet, of which the client asks whether they are a dataset.
        warnings.filterwarnings("ignore", message="(?s).*to a space repository")
        hub.upload_folder(
            repo_id=repository,
            repo_type="space",
            folder_path=folder,
            allow_patterns=allowed_files(kind, folder),
            delete_patterns=[*space.allowed, *FORMERLY],
            commit_message="Update from fer",
        )
    except HfHubHTTPError as error:
        reason = _REFUSED.get(error.response.status_code, reason_of(error))
        raise UserError(f"The hub did not take {repository}: {reason}.") from error
    except (HTTPError, OSError) as error:
        raise UserError(
            f"The hub at {hub.endpoint} cannot be reached: {reason_of(error)}; is there a network?"
        ) from error
    except ValueError as error:  # a name that cannot be one, front matter that the hub refuses
        raise UserError(f"The hub did not take {repository}: {error}".rstrip(".") + ".") from error
    return str(address)
