// Prints what a call gave as the last line: {"ok":true,"value":…} or {"ok":false,"value":{status,type,message,…}}.
export async function report(calls) {
  const call = calls[process.argv[2]];
  if (!call) {
    console.error(`unknown call ${process.argv[2]}; there are ${Object.keys(calls).join(', ')}`);
    process.exit(2);
  }
  try {
    console.log(JSON.stringify({ ok: true, value: await call() }));
  } catch (error) {
    const header = (name) => error?.headers?.get?.(name) ?? null;
    console.log(JSON.stringify({
      ok: false,
      value: {
        name: error?.constructor?.name ?? null,
        status: error?.status ?? error?.statusCode ?? null,
        message: error?.message ?? String(error),
        body: error?.error ?? null,
        cause: error?.cause?.message ?? null,
        requestId: header('x-sluice-request-id'),
        source: header('x-sluice-error-source'),
        retryAfter: header('retry-after'),
        shouldRetry: header('x-should-retry'),
      },
    }));
  }
}
