/** Connections to Google: kept open, through HTTPS_PROXY where NO_PROXY does not say otherwise, trusting NODE_EXTRA_CA_CERTS. */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';

/** Beyond that a kept connection is likely to be closed by the other side already, in ms. */
const IDLE_MS = 20_000;

const options = { keepAlive: true, timeout: IDLE_MS, proxyEnv: process.env };
const plain = new Agent(options);
const secure = new SecureAgent(options);

export function agentFor(url: URL): Agent {
	return url.protocol === 'https:' ? secure : plain;
}
