import type { Broker } from '../../lib/amqp/broker.ts';
import { connectionOf } from '../runtime/connection.ts';

/** What an `amqp-broker` node offers: one shared connection; use it between `acquire` and `release`. */
export const brokerConnection = connectionOf<Broker>('amqp-broker');
