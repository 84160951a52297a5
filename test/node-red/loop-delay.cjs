/** Measures the delay of the event loop of the Node-RED that it runs in: `start`, then `read` gives it, in ms. */
const { monitorEventLoopDelay } = require('node:perf_hooks');

const NS_PER_MS = 1e6;

module.exports = (RED) => {
	RED.nodes.registerType('test-loop-delay', function (config) {
		RED.nodes.createNode(this, config);
		const delay = monitorEventLoopDelay({ resolution: 10 });
		this.on('input', (message, send, done) => {
			if (message.topic === 'start') {
				delay.reset();
				delay.enable();
			} else {
				delay.disable();
				// The timer's own 10 ms are part of what it measures.
				const of = (percent) => delay.percentile(percent) / NS_PER_MS - 10;
				send({ topic: 'delay', payload: { p50: of(50), p99: of(99), max: delay.max / NS_PER_MS - 10 } });
			}
			done();
		});
	});
};
