// The other baseline: an Express endpoint that signs with the SDK and asks and logs nothing at all.
import express from 'express';
import { AccessToken } from 'livekit-server-sdk';

const { LIVEKIT_API_KEY, LIVEKIT_API_SECRET } = process.env;
const app = express();
app.use(express.json());
app.post('/api/v1/tokens', async (request, response) => {
  const { room, identity } = request.body;
  const token = new AccessToken(LIVEKIT_API_KEY, LIVEKIT_API_SECRET, { identity, ttl: 600 });
  token.addGrant({ room, roomJoin: true, canSubscribe: true, canPublish: false });
  response.status(201).json({ token: await token.toJwt() });
});
const server = app.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
