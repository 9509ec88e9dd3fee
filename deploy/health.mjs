// The healthcheck of our containers: is the process in this one ready? Says what it lacks otherwise.
const url = `http://127.0.0.1:${process.env.PORT || 3000}/health/ready`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${url} does not answer: ${error.cause?.code ?? error.name}\n`);
  process.exitCode = 1;
}
