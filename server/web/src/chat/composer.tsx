// Where prompts are written. What was begun is kept over a reload and over a look at another session.
import { SendHorizontal } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionModel } from '../session/model';
import { report } from '../ui/state';

const kMaxPrompt = 10_000;
const kWarnAt = 9000;

export function Composer({ model }: { model: SessionModel }) {
  const name = `ottobot.draft.${model.id}`;
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(sessionStorage.getItem(name) ?? '');
  const { busy, stopping } = model.transcript.value;
  const length = Array.from(text).length;
  const isTooLong = length > kMaxPrompt;

  const change = (value: string): void => {
    setText(value);
    if (value) sessionStorage.setItem(name, value);
    else sessionStorage.removeItem(name);
  };
  useEffect(() => {
    if (!field.current) return;
    field.current.style.height = 'auto';
    field.current.style.height = `${Math.min(field.current.scrollHeight + 2, innerHeight / 3)}px`;
  }, [text]);

  const send = (): void => {
    if (!text.trim() || isTooLong) return;
    model.send(text);
    change('');
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    }
    if (event.key === 'Escape' && busy && !stopping) {
      model.stop().catch((error: unknown) => report('It was not stopped', error));
    }
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <label class="hidden" for="prompt">Message to the agent</label>
      <textarea
        id="prompt" ref={field} rows={1} value={text} aria-describedby="prompt-help" aria-invalid={isTooLong}
        placeholder={busy ? 'Write the next prompt: it is queued' : 'Write to the agent'}
        onInput={(event) => change(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      <button class="primary icon" type="submit" aria-label="Send" disabled={!text.trim() || isTooLong}>
        <SendHorizontal aria-hidden="true" />
      </button>
      <p id="prompt-help" class={isTooLong ? 'help problem' : 'help muted'}>
        {length >= kWarnAt ? `${length} of ${kMaxPrompt} characters` : `Enter sends, Shift+Enter makes a new line${busy ? ', Esc stops' : ''}`}
      </p>
    </form>
  );
}
