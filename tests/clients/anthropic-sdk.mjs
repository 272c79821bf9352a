// The official Anthropic SDK, called as its users call it. Reads BASE_URL (without /v1), KEY and MODEL.
import Anthropic from '@anthropic-ai/sdk';
import { report } from './result.mjs';

const { BASE_URL, KEY, MODEL } = process.env;
// No retries: a test must see the gateway's first answer.
const client = new Anthropic({ apiKey: KEY, baseURL: BASE_URL, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];
const tools = [{
  name: 'Read',
  description: 'Reads a file.',
  input_schema: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
}];
const text = (message) => message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');
const summary = (message) => ({ text: text(message), model: message.model, stopReason: message.stop_reason, usage: message.usage });

await report({
  async plain() {
    return summary(await client.messages.create({ model: MODEL, max_tokens: 64, messages }));
  },
  async stream() {
    const stream = client.messages.stream({ model: MODEL, max_tokens: 64, messages });
    const deltas = [];
    const events = [];
    stream.on('text', (delta) => deltas.push(delta));
    stream.on('streamEvent', (event) => events.push(event.type));
    const message = await stream.finalMessage();
    return { ...summary(message), deltas, first: events[0], last: events.at(-1) };
  },
  // One tool call, answered, and the final text: the loop of every agent.
  async tools() {
    const ask = [{ role: 'user', content: 'Read notes.txt and tell me the marker.' }];
    const first = await client.messages.stream({ model: MODEL, max_tokens: 256, tools, messages: ask }).finalMessage();
    const use = first.content.find((block) => block.type === 'tool_use');
    if (!use) {
      return { call: null, text: text(first), stopReason: first.stop_reason };
    }
    const second = await client.messages.stream({
      model: MODEL, max_tokens: 256, tools,
      messages: [...ask, { role: 'assistant', content: first.content }, { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'The marker is HERON-4711.' }] }],
    }).finalMessage();
    return { call: { name: use.name, input: use.input, id: use.id }, stopReason: first.stop_reason, text: text(second), finalStopReason: second.stop_reason };
  },
  async count() {
    return client.messages.countTokens({ model: MODEL, messages });
  },
  async models() {
    const page = await client.models.list();
    return page.data.map((model) => model.id);
  },
  // A request that the gateway must refuse by itself.
  async invalid() {
    return client.messages.create({ model: MODEL, max_tokens: 64, messages: 'not a list' });
  },
});
