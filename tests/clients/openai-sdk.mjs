// The official OpenAI SDK, called as its users call it. Reads BASE_URL (without /v1), KEY and MODEL.
import OpenAI, { toFile } from 'openai';
import { report } from './result.mjs';

const { BASE_URL, KEY, MODEL } = process.env;
// No retries: a test must see the gateway's first answer.
const client = new OpenAI({ apiKey: KEY, baseURL: `${BASE_URL}/v1`, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say hello.' }];
const tools = [{
  type: 'function',
  function: {
    name: 'Read',
    description: 'Reads a file.',
    parameters: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
  },
}];

// Puts a Chat stream together again, as an agent does.
async function collect(stream) {
  const whole = { text: '', deltas: [], calls: [], finishReason: null, usage: null, model: null };
  for await (const chunk of stream) {
    whole.model ??= chunk.model;
    whole.usage = chunk.usage ?? whole.usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    if (choice.delta?.content) {
      whole.text += choice.delta.content;
      whole.deltas.push(choice.delta.content);
    }
    for (const part of choice.delta?.tool_calls ?? []) {
      const call = (whole.calls[part.index] ??= { id: part.id, type: 'function', function: { name: '', arguments: '' } });
      call.function.name += part.function?.name ?? '';
      call.function.arguments += part.function?.arguments ?? '';
    }
    whole.finishReason = choice.finish_reason ?? whole.finishReason;
  }
  return whole;
}

await report({
  async plain() {
    const answer = await client.chat.completions.create({ model: MODEL, messages });
    return { text: answer.choices[0].message.content, model: answer.model, finishReason: answer.choices[0].finish_reason, usage: answer.usage };
  },
  async stream() {
    return collect(await client.chat.completions.create({ model: MODEL, messages, stream: true, stream_options: { include_usage: true } }));
  },
  // The SDK's own collector, which is stricter about chunks than a loop over them.
  async streamCollected() {
    const answer = await client.chat.completions.stream({ model: MODEL, messages, stream_options: { include_usage: true } }).finalChatCompletion();
    return { text: answer.choices[0].message.content, finishReason: answer.choices[0].finish_reason, usage: answer.usage };
  },
  async streamWithoutUsage() {
    return collect(await client.chat.completions.create({ model: MODEL, messages, stream: true }));
  },
  // One tool call, answered, and the final text: the loop of every agent.
  async tools() {
    const ask = [{ role: 'user', content: 'Read notes.txt and tell me the marker.' }];
    const first = await collect(await client.chat.completions.create({ model: MODEL, tools, messages: ask, stream: true }));
    const call = first.calls[0];
    if (!call) {
      return { call: null, text: first.text, finishReason: first.finishReason };
    }
    const second = await collect(await client.chat.completions.create({
      model: MODEL, tools, stream: true,
      messages: [...ask, { role: 'assistant', content: first.text || null, tool_calls: first.calls }, { role: 'tool', tool_call_id: call.id, content: 'The marker is HERON-4711.' }],
    }));
    return { call: { name: call.function.name, input: JSON.parse(call.function.arguments), id: call.id }, finishReason: first.finishReason, text: second.text, finalFinishReason: second.finishReason };
  },
  async responses() {
    const answer = await client.responses.create({ model: MODEL, input: 'Say hello.' });
    return { text: answer.output_text, status: answer.status, usage: answer.usage };
  },
  async responsesStream() {
    let text = '';
    let last = null;
    for await (const event of await client.responses.create({ model: MODEL, input: 'Say hello.', stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      last = event.type;
    }
    return { text, last };
  },
  // The loop of an agent that keeps the conversation itself: every item goes back as it came, sealed reasoning too.
  async responsesTools() {
    const request = {
      model: MODEL, store: false, include: ['reasoning.encrypted_content'], reasoning: { summary: 'auto' },
      tools: [{ type: 'function', strict: false, ...tools[0].function }],
    };
    const ask = [{ role: 'user', content: 'Read notes.txt and tell me the marker.' }];
    const first = await client.responses.stream({ ...request, input: ask }).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    if (!call) {
      return { call: null, text: first.output_text };
    }
    const second = await client.responses.create({
      ...request, input: [...ask, ...first.output, { type: 'function_call_output', call_id: call.call_id, output: 'The marker is HERON-4711.' }],
    });
    return { call: { name: call.name, input: JSON.parse(call.arguments), id: call.call_id }, items: first.output.map((item) => item.type), text: second.output_text, status: second.status };
  },
  // Images, sound and video, each as OpenAI's own documentation has it; the files' first bytes show what came.
  async image() {
    const answer = await client.images.generate({ model: MODEL, prompt: 'A heron.', n: 2, size: '1024x1024' });
    return { count: answer.data.length, head: Buffer.from(answer.data[0].b64_json, 'base64').subarray(1, 4).toString() };
  },
  async imageStream() {
    const types = [];
    for await (const event of await client.images.generate({ model: MODEL, prompt: 'A heron.', stream: true, partial_images: 1 })) types.push(event.type);
    return { types };
  },
  async imageEdit() {
    const answer = await client.images.edit({ model: MODEL, prompt: 'Make it blue.', image: await toFile(Buffer.from('PNG'), 'a.png', { type: 'image/png' }) });
    return { count: answer.data.length };
  },
  async speech() {
    const answer = await client.audio.speech.create({ model: MODEL, voice: 'alloy', input: 'Say hello.', response_format: 'wav' });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { type: answer.headers.get('content-type'), head: bytes.subarray(0, 4).toString(), bytes: bytes.length };
  },
  async transcript() {
    const answer = await client.audio.transcriptions.create({ model: MODEL, file: await toFile(Buffer.alloc(800), 'a.wav', { type: 'audio/wav' }) });
    return { text: answer.text };
  },
  async transcriptStream() {
    let text = '';
    let last = null;
    for await (const event of await client.audio.transcriptions.create({ model: MODEL, stream: true, file: await toFile(Buffer.alloc(800), 'a.wav') })) {
      if (event.type === 'transcript.text.delta') text += event.delta;
      last = event.type;
    }
    return { text, last };
  },
  async video() {
    const begun = await client.videos.create({ model: MODEL, prompt: 'A heron.', seconds: '4', size: '1280x720' });
    const done = await client.videos.retrieve(begun.id);
    const content = Buffer.from(await (await client.videos.downloadContent(begun.id)).arrayBuffer());
    const deleted = await client.videos.delete(begun.id);
    return { begun: begun.status, done: done.status, same: done.id === begun.id, head: content.subarray(4, 8).toString(), deleted: deleted.deleted };
  },
  async models() {
    const page = await client.models.list();
    return page.data.map((model) => model.id);
  },
  // A request that the gateway must refuse by itself.
  async invalid() {
    return client.chat.completions.create({ model: MODEL, messages: 'not a list' });
  },
});
