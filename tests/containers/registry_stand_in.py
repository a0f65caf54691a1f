#!/usr/bin/env python3
"""A registry of images with one image in it (Registry HTTP API V2, as far as a pull goes).

registry_stand_in.py LAYER.tar PORT    serves 127.0.0.1:PORT/pulled:1, made of that layer
"""
import gzip
import hashlib
import http.server
import json
import sys

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def make_image(path):
    tar = open(path, "rb").read()
    layer = gzip.compress(tar)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar)]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(config), "digest": digest(config)},
        "layers": [{"mediaType": LAYER, "size": len(layer), "digest": digest(layer)}],
    }).encode()
    return {
        "/v2/": ("application/json", b"{}"),
        "/v2/pulled/manifests/1": (MANIFEST, manifest),
        "/v2/pulled/manifests/" + digest(manifest): (MANIFEST, manifest),
        "/v2/pulled/blobs/" + digest(config): ("application/octet-stream", config),
        "/v2/pulled/blobs/" + digest(layer): ("application/octet-stream", layer),
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, body = self.server.image.get(self.path, (None, b""))
        if kind is None:
            kind = "application/json"
            body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
            self.send_response(404)
        else:
            self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", digest(body))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
server.image = make_image(sys.argv[1])
server.serve_forever()
