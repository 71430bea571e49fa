"""The part of the Hugging Face hub's HTTP interface that creating and filling a Space needs.

What `huggingface_hub` speaks to when ``HF_ENDPOINT`` names it. It refuses as the hub does, and
checks front matter by the rules of https://huggingface.co/docs/hub/spaces-config-reference.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import yaml

WRITER, READER = "hf_may_write", "hf_may_read"
COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
BINARY = (".onnx", ".parquet", ".jpg", ".png", ".gz", ".wasm")
"""What ``.gitattributes`` of a Space sends to large file storage."""


def front_matter_errors(readme: str) -> list[str]:
    """What the hub says of a Space's README; nothing if it takes it."""
    if not readme.startswith("---\n"):
        return ["There is no metadata"]
    data = yaml.safe_load(readme.split("---\n")[1])
    sdk = data.get("sdk")
    checks = {
        '"title" is required': isinstance(data.get("title"), str),
        '"sdk" must be one of [gradio, docker, static]': sdk in ("gradio", "docker", "static"),
        '"colorFrom" and "colorTo" must be colors': {data["colorFrom"], data["colorTo"]} <= COLORS,
        '"emoji" must be one': 0 < len(data.get("emoji", "")) <= 2,
        '"license" must be known': data.get("license") == "mit",
        '"short_description" is longer than 60': len(data.get("short_description", "")) <= 60,
        '"sdk_version" must be a version': sdk != "gradio"
        or str(data.get("sdk_version")).count(".") == 2,
        '"python_version" must be a string': isinstance(data.get("python_version", ""), str),
        '"app_port" must be a number': isinstance(data.get("app_port", 7860), int),
    }
    return [message for message, holds in checks.items() if not holds]


@dataclass
class Hub:
    """What the hub holds, and how it treats people."""

    address: str = ""
    paying: bool = True
    spaces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    sdks: dict[str, str] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    commits: list[list[dict[str, Any]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def refusal(self, token: str) -> int | None:
        """The status for somebody who has no right to write, else nothing."""
        return {WRITER: None, READER: 403}.get(token, 401)

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        name = f"{body['organization']}/{body['name']}"
        if body["organization"] != "someone":
            return 403, {"error": "You don't have the rights to create a Space there"}
        if name in self.spaces:
            return 409, {"error": "You already created this Space", "url": self.url(name)}
        if body["sdk"] != "static" and not self.paying:
            return 402, {"error": "Creating this Space needs a PRO subscription"}
        self.spaces[name], self.sdks[name] = {".gitattributes": b""}, body["sdk"]
        return 200, {"url": self.url(name), "id": name, "name": name}

    def url(self, name: str) -> str:
        return f"{self.address}/spaces/{name}"

    def preupload(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        files = []
        for file in body["files"]:
            large = file["path"].endswith(BINARY)
            known = self.spaces[name].get(file["path"])
            oid = None if known is None else _sha256(known) if large else _git_oid(known)
            mode = "lfs" if large else "regular"
            entry = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            files.append(entry)
        return 200, {"files": files}

    def batch(self, body: dict[str, Any]) -> tuple[int, Any]:
        objects = []
        for item in body["objects"]:
            href = {"upload": {"href": f"{self.address}/store/{item['oid']}"}}
            known = item["oid"] in self.stored
            objects.append({**item, **({} if known else {"actions": href})})
        return 200, {"transfer": "basic", "objects": objects}

    def commit(self, name: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        files = self.spaces[name]
        for line in lines:
            value, path = line["value"], line["value"].get("path", "")
            if line["key"] == "file":
                files[path] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[path] = self.stored[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[path]
        self.commits.append(lines)
        sha = f"{len(self.commits):040x}"
        return 200, {"commitUrl": f"{self.url(name)}/commit/{sha}", "commitOid": sha}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON for a request."""
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if path == "/api/validate-yaml":
            errors = front_matter_errors(json.loads(body)["content"])
            said = [{"message": message} for message in errors]
            return (400 if errors else 200), {"errors": said, "warnings": []}
        if path.startswith("/store/"):
            self.stored[path.removeprefix("/store/")] = body
            return 200, {}
        if path.endswith("/info/lfs/objects/batch"):
            return self.batch(json.loads(body))
        name, _, action = path.removeprefix("/api/spaces/").partition("/main")[0].rpartition("/")
        if action not in ("preupload", "commit", "tree", "revision"):
            name, action = path.removeprefix("/api/spaces/"), "revision"
        if name not in self.spaces:
            return 404, {"error": "Repository not found"}
        if action == "preupload":
            return self.preupload(name, json.loads(body))
        if action == "commit":
            return self.commit(name, [json.loads(line) for line in body.splitlines()])
        if action == "tree":
            found = self.spaces[name].items()
            return 200, [
                {"type": "file", "path": path, "size": len(data), "oid": _git_oid(data)}
                for path, data in found
            ]
        return 200, {"id": name, "sha": f"{len(self.commits):040x}", "siblings": []}


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        self.hub.requests.append(path)
        refused = self.hub.refusal((self.headers.get("Authorization") or "")[len("Bearer ") :])
        if refused and not path.startswith("/store/"):
            status, answer = refused, {"error": "refused"}
        else:
            status, answer = self.hub.answer(self.command, path, body)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def opened_hub() -> Iterator[Hub]:
    """A hub on a port of its own, empty, where everybody pays."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
