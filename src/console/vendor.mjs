// Copies the published files of the console's libraries, byte for byte, with their licences, and writes down what they were.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const files = {
  'lit-html': ['lit-html.js', 'LICENSE'],
  'chart.js': ['dist/chart.umd.min.js', 'LICENSE.md'],
};

const lines = [];
for (const [name, paths] of Object.entries(files)) {
  const { version } = JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8'));
  mkdirSync(join('vendor', name), { recursive: true });
  for (const path of paths) {
    const copy = `${name}/${basename(path)}`;
    copyFileSync(join('node_modules', name, path), join('vendor', copy));
    lines.push(`${createHash('sha256').update(readFileSync(join('vendor', copy))).digest('hex')}  ${copy}  ${name}@${version}`);
  }
}
writeFileSync(join('vendor', 'CONTENTS'), lines.join('\n') + '\n');
