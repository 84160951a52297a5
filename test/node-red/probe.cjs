/**
 * Runs inside the Node-RED of a test, as a node set of its user directory: tells the test over IPC what happens, and puts
 * messages in. `test-tap` is a node that passes on what reaches it.
 */
module.exports = (RED) => {
	const tell = (event) => process.connected && process.send(event);

	RED.nodes.registerType('test-tap', function (config) {
		RED.nodes.createNode(this, config);
		this.on('input', (message, _send, done) => {
			tell({ event: 'message', id: this.id, message: JSON.parse(JSON.stringify(message)) });
			done();
		});
	});

	RED.events.on('node-status', ({ id, status }) => tell({ event: 'status', id, status: status ?? {} }));
	RED.events.on('flows:started', () => tell({ event: 'started' }));
	RED.events.on('comms', ({ topic, data }) => tell({ event: 'comms', topic, data: data ?? null }));
	RED.hooks.add('onComplete.test', ({ node, error }) => {
		tell({
			event: 'complete',
			id: node.id,
			error: error ? { code: error.code, message: String(error.message) } : null,
		});
	});
	process.on('message', ({ receive, message }) => {
		if (receive) RED.nodes.getNode(receive)?.receive(message);
	});
	// A test that is killed takes its Node-RED with it.
	process.on('disconnect', () => process.exit());
};
