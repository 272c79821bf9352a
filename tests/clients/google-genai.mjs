// Google's official SDK, called as its users call it. Reads BASE_URL (without a version), KEY and MODEL.
import { GoogleGenAI } from '@google/genai';
import { report } from './result.mjs';

const { BASE_URL, KEY, MODEL: model } = process.env;
const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: BASE_URL } });
const contents = 'Say hello.';
const config = {
  tools: [{
    functionDeclarations: [{
      name: 'Read',
      description: 'Reads a file.',
      parametersJsonSchema: { type: 'object', properties: { file_path: { type: 'string' } }, required: ['file_path'] },
    }],
  }],
};

// Puts a stream together again, every part as it came: some of them are signed.
async function collect(stream) {
  const whole = { parts: [], chunks: 0, finishReason: null, usage: null };
  for await (const chunk of stream) {
    whole.chunks++;
    whole.usage = chunk.usageMetadata ?? whole.usage;
    const candidate = chunk.candidates?.[0];
    whole.parts.push(...(candidate?.content?.parts ?? []));
    whole.finishReason = candidate?.finishReason ?? whole.finishReason;
  }
  return { ...whole, text: whole.parts.filter((part) => !part.thought).map((part) => part.text ?? '').join('') };
}

await report({
  async plain() {
    const answer = await client.models.generateContent({ model, contents });
    return { text: answer.text, finishReason: answer.candidates[0].finishReason, usage: answer.usageMetadata };
  },
  async stream() {
    return collect(await client.models.generateContentStream({ model, contents }));
  },
  // One tool call, answered, and the final text: the loop of every agent.
  async tools() {
    const ask = { role: 'user', parts: [{ text: 'Read notes.txt and tell me the marker.' }] };
    const first = await collect(await client.models.generateContentStream({ model, config, contents: [ask] }));
    const call = first.parts.find((part) => part.functionCall)?.functionCall;
    if (!call) {
      return { call: null, text: first.text, finishReason: first.finishReason };
    }
    const second = await collect(await client.models.generateContentStream({
      model, config,
      contents: [ask, { role: 'model', parts: first.parts }, { role: 'user', parts: [{ functionResponse: { id: call.id, name: call.name, response: { output: 'The marker is HERON-4711.' } } }] }],
    }));
    return { call: { name: call.name, input: call.args, id: call.id }, finishReason: first.finishReason, text: second.text, finalFinishReason: second.finishReason };
  },
  async count() {
    return client.models.countTokens({ model, contents });
  },
  async models() {
    const names = [];
    for await (const each of await client.models.list({ config: { queryBase: true } })) names.push(each.name);
    return names;
  },
  // A request that the gateway must refuse by itself.
  async invalid() {
    return client.models.generateContent({ model: 'no-such-model', contents });
  },
});
