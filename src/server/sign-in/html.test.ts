import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './html.ts';

test('values are escaped wherever they stand, and nothing is escaped twice', () => {
  const evil = `"><script>alert('&')</script>`;
  assert.equal(
    html`<p title="${evil}">${evil}</p>`.text,
    '<p title="&#34;&#62;&#60;script&#62;alert(&#39;&#38;&#39;)&#60;/script&#62;">&#34;&#62;&#60;script&#62;alert(&#39;&#38;&#39;)&#60;/script&#62;</p>',
  );
  const inner = html`<b>${'<'}</b>`;
  assert.equal(html`${inner}${[inner, inner]}${undefined}${false}${0}`.text, `${inner.text.repeat(3)}0`);
});
