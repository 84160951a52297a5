/** A stock Node-RED: nothing set but what keeps a test quiet and on its own port. */
module.exports = {
	flowFile: 'flows.json',
	uiHost: '127.0.0.1',
	uiPort: Number(process.env.HUB_PORT),
	telemetry: { enabled: false },
};
