"""What the load generator sends: the handshakes of the contestants, and frames."""

from dataclasses import dataclass

TEXT, CLOSE, PING = 1, 8, 9


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a client's frame of at most 64 KiB, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


@dataclass(frozen=True)
class Wire:
    """How a client connects: it sends `first`, and is ready at a text that starts with `ready`."""

    path: str
    ready: bytes = b""  # empty: ready after the handshake
    first: bytes = b""
    beats: bool = False  # True if the client sends the heartbeat

    def handshake(self) -> bytes:
        """Return the request that opens a WebSocket."""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()


WIRES = {  # by the names of comparison/contract/wires.py
    "json": Wire("/ws/"),
    "socketio3": Wire("/socket.io/?EIO=3&transport=websocket", ready=b"40", beats=True),
    "socketio4": Wire("/socket.io/?EIO=4&transport=websocket", ready=b"40", first=b"40"),
}
