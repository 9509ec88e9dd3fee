// The bus in memory keeps the port's contract, so that what is tested on it holds elsewhere.
import { describeBusContract } from './bus-contract.js';
import { MemoryBus } from './memory-bus.js';

let topics = 0;

describeBusContract('MemoryBus', async () => {
  const bus = new MemoryBus({ topics: {} });
  const makeTopic = async (partitions: number): Promise<string> => {
    topics += 1;
    bus.topics.set(`topic-${topics}`, Array.from({ length: partitions }, () => []));
    return `topic-${topics}`;
  };
  return { bus, makeTopic, close: async () => undefined };
});
