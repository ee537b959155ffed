// The least a Node server can do: each message of a Redis channel goes to every WebSocket.
// A post of a client is published as it is: there is no database, no sign-in and no check.
const { createClient } = require("redis");
const { WebSocketServer } = require("ws");

const [port, redis] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), backlog: 1024 });
const publisher = createClient(redis.includes("://") ? { url: redis } : { socket: { path: redis } });
const subscriber = publisher.duplicate();

server.on("connection", (client) =>
  client.on("message", (data) => {
    const text = data.toString();
    if (text.includes('"post_message"')) publisher.publish("push", text);
  }),
);

Promise.all([publisher.connect(), subscriber.connect()]).then(() =>
  subscriber.subscribe("push", (text) => {
    for (const client of server.clients) client.send(text);
  }),
);
