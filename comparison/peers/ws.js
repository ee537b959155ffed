// The least a Node server can do: each message of a Redis channel goes to every WebSocket.
const { createClient } = require("redis");
const { WebSocketServer } = require("ws");

const [port, path] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), backlog: 1024 });
const subscriber = createClient({ socket: { path } });

subscriber.connect().then(() =>
  subscriber.subscribe("push", (text) => {
    for (const client of server.clients) client.send(text);
  }),
);
