// The loopback proxy as a process of its own: `node proxy-main.js PORT REPLICA...`.
import { LoopbackProxy } from './proxy.js';

const [port = '0', ...replicas] = process.argv.slice(2);
const proxy = await LoopbackProxy.start(replicas, Number(port));
process.stdout.write(`Sallyport proxy\n  port        ${new URL(proxy.url).port}\n`);
process.once('SIGTERM', () => void proxy.stop().then(() => process.exit(0)));
