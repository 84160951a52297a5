/** `amqp-broker`: the connection to RabbitMQ that the nodes of all flows share. */

import type { Broker, BrokerState } from '../../lib/amqp/broker.ts';
import { defineConnectionTest } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import type { Tone } from '../runtime/status.ts';
import { tlsOptions } from '../runtime/tls.ts';
import { brokerNode, brokerOptions } from './config.ts';

const TONE: Record<BrokerState['phase'], Tone> = {
	idle: 'ready',
	connecting: 'waiting',
	connected: 'ready',
	waiting: 'waiting',
	refused: 'problem',
	// Its last user has left it, as the button for samples does each time: nothing that needs a person.
	closed: 'ready',
};

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...brokerNode,
		async setup({ config, secrets, status, log, name, id }) {
			const { Broker } = await import('../../lib/amqp/broker.ts');
			const broker: Broker = new Broker({
				...brokerOptions(config, secrets, tlsOptions(RED, config.tls)),
				connectionName: `clinic-hub ${name ?? id}`,
				log,
			});
			const show = ({ phase }: BrokerState) => status.set(TONE[phase], { key: `amqp-broker.state.${phase}` });
			show(broker.state);
			broker.onState(show);
			return broker;
		},
		health: ({ state }) => ({ state: 'ok', text: state.text }),
	});

	defineConnectionTest(RED, {
		node: brokerNode,
		async probe({ config, secrets, tls, signal }) {
			const { Broker } = await import('../../lib/amqp/broker.ts');
			return new Broker(brokerOptions(config, secrets, tls)).probe({ signal });
		},
	});
}
