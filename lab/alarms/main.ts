/** Runs the lab's watcher: `main.ts HOST PORT`. */
import { makeServer } from './server.ts';

const [host = '127.0.0.1', port = '1081'] = process.argv.slice(2);

const server = makeServer();
server.listen(Number(port), host);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
	process.once(signal, () => {
		server.close();
		server.closeAllConnections();
	});
}
