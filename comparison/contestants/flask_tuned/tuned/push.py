"""Push: one subscription a process; serialised and framed once, written once a client and tick."""

import os

import gevent
import orjson
from config import REDIS_URL
from engineio.async_drivers.gevent import WebSocketWSGI
from redis import Redis, RedisError

from .ideas import IDEAS

CHANNEL = "flack-push"
TICK = 0.01 if "joined" in IDEAS else 0  # seconds in which pushes are joined
MAX_BACKLOG = 4 * 2**20  # bytes that a client may leave unread

redis = Redis.from_url(REDIS_URL)
clients = set()
pending = []  # the frames of this tick


def push_model(model):
    """Push a model to all connected clients of all nodes."""
    data = {"class": model.__class__.__name__, "model": model.to_dict()}
    redis.publish(CHANNEL, b"42" + orjson.dumps(["updated_model", data]))


def subscribe():
    """Frame each push as it comes from Redis; a background task."""
    while True:
        try:
            pubsub = redis.pubsub()
            pubsub.subscribe(CHANNEL)
            for message in pubsub.listen():
                if message["type"] == "message":
                    if not pending:
                        gevent.spawn_later(TICK, flush)
                    pending.append(frame(message["data"]))
        except RedisError:
            gevent.sleep(1)


def flush():
    """Write the frames of this tick to every client that is in the namespace."""
    data = b"".join(pending)
    pending.clear()
    for client in list(clients):
        if client.is_in_namespace:
            client.write(data)


def frame(payload):
    """Return a text frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 2**16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


class WebSocket(WebSocketWSGI):
    """engineio's WebSocket, whose frames pass through one buffer, so that none splits another."""

    def __call__(self, environ, start_response):
        handler, self.backlog, self.is_in_namespace = self.app, b"", False

        def handle(websocket):
            clients.add(self)
            try:
                return handler(websocket)
            finally:
                clients.discard(self)

        self.app = handle
        return super().__call__(environ, start_response)

    def send(self, message):
        """Send a packet of engineio, such as a heartbeat."""
        if not self.ws.connected:
            raise OSError
        self.write(frame(message.encode()))
        if message.startswith("40"):
            self.is_in_namespace = True

    def write(self, data):
        """Write without waiting; keep what the client does not take."""
        if self.backlog:
            self.backlog += data
            return
        try:
            sent = os.write(self.ws.sock.fileno(), data)
        except BlockingIOError:
            sent = 0
        except OSError:  # the client has closed; the reader will see it
            return
        if sent < len(data):
            self.backlog = data[sent:]
            gevent.spawn(self.drain)

    def drain(self):
        """Write the backlog as the client takes it; close a client that falls too far behind."""
        try:
            while self.backlog:
                if len(self.backlog) > MAX_BACKLOG:
                    self.ws.sock.close()
                    return
                sent = self.ws.sock.send(self.backlog[: 2**16])
                self.backlog = self.backlog[sent:]
        except OSError:
            self.backlog = b""
