// OpenRouter's official SDK, called as its users call it. Reads BASE_URL (without /api/v1), KEY and MODEL. It holds every answer against a schema.
import { OpenRouter } from '@openrouter/sdk';
import { report } from './result.mjs';

const { BASE_URL, KEY, MODEL: model } = process.env;
const client = new OpenRouter({ apiKey: KEY, serverURL: `${BASE_URL}/api/v1`, retryConfig: { strategy: 'none' } });
const messages = [{ role: 'user', content: 'Say hello.' }];
const tools = [{
  type: 'function',
  function: {
    name: 'Read',
    description: 'Reads a file.',
    parameters: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
  },
}];
const send = (chatRequest) => client.chat.send({ chatRequest: { model, ...chatRequest } });

// Puts a stream together again, as an agent does. Reasoning comes back in details that are signed.
async function collect(stream) {
  const whole = { text: '', calls: [], details: [], finishReason: null, usage: null };
  for await (const chunk of stream) {
    whole.usage = chunk.usage ?? whole.usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    whole.text += choice.delta.content ?? '';
    whole.details.push(...(choice.delta.reasoningDetails ?? []));
    for (const part of choice.delta.toolCalls ?? []) {
      const call = (whole.calls[part.index] ??= { id: part.id, type: 'function', function: { name: '', arguments: '' } });
      call.function.name += part.function?.name ?? '';
      call.function.arguments += part.function?.arguments ?? '';
    }
    whole.finishReason = choice.finishReason ?? whole.finishReason;
  }
  return whole;
}

await report({
  async plain() {
    const answer = await send({ messages });
    return { text: answer.choices[0].message.content, finishReason: answer.choices[0].finishReason, usage: answer.usage };
  },
  async stream() {
    return collect(await send({ messages, stream: true }));
  },
  // One tool call, answered, and the final text: the loop of every agent.
  async tools() {
    const ask = [{ role: 'user', content: 'Read notes.txt and tell me the marker.' }];
    const first = await collect(await send({ tools, messages: ask, stream: true }));
    const call = first.calls[0];
    if (!call) {
      return { call: null, text: first.text, finishReason: first.finishReason };
    }
    const second = await collect(await send({
      tools, stream: true,
      messages: [...ask, { role: 'assistant', content: first.text || null, toolCalls: first.calls }, { role: 'tool', toolCallId: call.id, content: 'The marker is HERON-4711.' }],
    }));
    return { call: { name: call.function.name, input: JSON.parse(call.function.arguments), id: call.id }, finishReason: first.finishReason, text: second.text, finalFinishReason: second.finishReason };
  },
  async models() {
    const found = [];
    for await (const page of await client.models.list()) found.push(...(page.result ?? page).data);
    return found.map((each) => ({ id: each.id, prompt: each.pricing.prompt, completion: each.pricing.completion }));
  },
});
