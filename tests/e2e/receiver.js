// A tenant's receiver in a few lines: verifies each callback with the `standardwebhooks` package and says what came.
// Prints its port, then waits for a line with the secret, then prints one line of JSON for each callback.
const http = require("node:http");
const { Webhook } = require("standardwebhooks");

let secret = null;
process.stdin.once("data", (given) => {
  secret = given.toString().trim();
});

const server = http.createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  try {
    const body = new Webhook(secret).verify(Buffer.concat(pieces).toString(), request.headers);
    console.log(JSON.stringify({ verified: true, type: body.type, onboarding_id: body.data.onboarding_id }));
    response.writeHead(204).end();
  } catch (error) {
    console.log(JSON.stringify({ verified: false, why: String(error) }));
    response.writeHead(400).end();
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
