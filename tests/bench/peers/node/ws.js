// The `ws` library alone: a text to everybody who is connected.
//   node ws.js PORT
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
server.on("connection", (socket) => {
  socket.on("message", (text) => {
    for (const member of server.clients) member.send(text, { binary: false });
  });
});
