"""A load generator that costs little beside what it measures: prepared bytes, raw sockets, one process of its own.

`python -m tests.bench.load` reads `{port, seconds, lanes}` from standard input; each lane is a list of requests in
base64 that one connection sends in turn. It answers with every latency in milliseconds and the statuses that came.
"""

import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Load:
    """What came of it: latencies in ms, sorted; how long it took in s; how often each status came."""

    latencies: list[float]
    seconds: float
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in ms that this share of the requests stayed below."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost:8000", "Sec-Fetch-Site: same-origin"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def put_under_load(port: int, lanes: list[list[bytes]], seconds: float) -> Load:
    """Every lane at once for so many seconds."""
    wanted = {
        "port": port,
        "seconds": seconds,
        "lanes": [[base64.b64encode(each).decode() for each in lane] for lane in lanes],
    }
    command = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(wanted), capture_output=True, text=True, check=True, timeout=60
    )
    return Load(**json.loads(done.stdout))


def exchange(sock: socket.socket, sent: bytes) -> tuple[str, bytes]:
    """Status and the whole answer of one request on a kept connection."""
    sock.sendall(sent)
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    while len(body) < size:
        body += _some(sock)
    return head[9:12].decode(), head + b"\r\n\r\n" + body


def _some(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise ConnectionError("the server hung up")
    return data


def _drive(port: int, lane: list[bytes], until: float, latencies: list[float], statuses: Counter[str]) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn = 0
        while (begun := time.perf_counter()) < until:
            status, _ = exchange(sock, lane[turn % len(lane)])
            latencies.append((time.perf_counter() - begun) * 1000)
            statuses[status] += 1
            turn += 1


def _main() -> None:
    wanted = json.load(sys.stdin)
    lanes = [[base64.b64decode(each) for each in lane] for lane in wanted["lanes"]]
    latencies: list[list[float]] = [[] for _ in lanes]
    statuses: list[Counter[str]] = [Counter() for _ in lanes]
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=_drive, args=(wanted["port"], lane, begun + wanted["seconds"], mine, seen))
        for lane, mine, seen in zip(lanes, latencies, statuses, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    total: Counter[str] = sum(statuses, Counter())
    together = sorted(value for mine in latencies for value in mine)
    print(json.dumps({"latencies": together, "seconds": took, "statuses": total}))


if __name__ == "__main__":
    _main()
