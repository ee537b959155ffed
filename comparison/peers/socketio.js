// A socket.io server with the Redis adapter: whoever publishes as its emitter does reaches all.
const { createServer } = require("http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const [port, path] = process.argv.slice(2);
const publisher = createClient({ socket: { path } });
const subscriber = publisher.duplicate();

Promise.all([publisher.connect(), subscriber.connect()]).then(() => {
  const http = createServer();
  new Server(http, { adapter: createAdapter(publisher, subscriber) });
  http.listen({ host: "127.0.0.1", port: Number(port), backlog: 1024 });
});
