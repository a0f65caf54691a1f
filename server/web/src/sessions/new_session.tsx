// The form that makes a session. What was typed is kept until it is made.
import { Rocket } from 'lucide-preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError, toApiError } from '../api/errors';
import { newId } from '../api/ids';
import type { NewSession } from '../api/types';
import { go } from '../ui/route';
import { client } from '../ui/state';
import { refreshList } from './list_state';

const kDraftName = 'ottobot.new';
const kExamples = ['Build a React todo app with TypeScript', 'Write a tic-tac-toe game in Python', 'Plot the digits of pi as a picture'];
const kMaxPrompt = 5000;

function readForm(form: HTMLFormElement): NewSession {
  const value = (name: string): string => String(new FormData(form).get(name) ?? '').trim();
  const optional = { environment: value('environment'), model: value('model'), image: value('image') };
  const minutes = Number(value('minutes'));
  return {
    initial_prompt: value('initial_prompt'),
    ...Object.fromEntries(Object.entries(optional).filter(([, text]) => text)),
    ...(minutes ? { timeout: Math.round(minutes * 60) } : {}),
  };
}

export function NewSessionView() {
  const form = useRef<HTMLFormElement>(null);
  // The same key for the same form: a second try after a broken connection makes no second session.
  const attempt = useRef({ key: newId(), body: '' });
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    if (!form.current || isBusy || !form.current.reportValidity()) return;
    const session = readForm(form.current);
    const body = JSON.stringify(session);
    if (attempt.current.body !== body) attempt.current = { key: newId(), body };
    setBusy(true);
    setProblem(null);
    try {
      const made = await client.create(session, attempt.current.key);
      sessionStorage.removeItem(kDraftName);
      void refreshList();
      go({ page: 'session', id: made.session_id });
    } catch (error) {
      setProblem(toApiError(error));
      setBusy(false);
    }
  };

  return (
    <main class="new-session">
      <form ref={form} onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <h1>What should we build?</h1>
        <p class="muted lead">An agent gets a computer of its own for it. You watch, talk with it, and take the project home.</p>
        <PromptField onSubmit={() => void submit()} />
        <Choices />
        {problem && <Problem problem={problem} />}
        <button class="primary big" type="submit" disabled={isBusy}>
          <Rocket aria-hidden="true" />{isBusy ? 'Starting…' : 'Start session'}
        </button>
      </form>
    </main>
  );
}

function PromptField({ onSubmit }: { onSubmit(): void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const keep = (): void => sessionStorage.setItem(kDraftName, field.current?.value ?? '');
  const fill = (text: string): void => {
    if (!field.current) return;
    field.current.value = text;
    field.current.focus();
    keep();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    onSubmit();
  };
  return (
    <>
      <label for="initial_prompt" class="hidden">Your prompt</label>
      <textarea
        id="initial_prompt" name="initial_prompt" ref={field} rows={4} required maxLength={kMaxPrompt} autofocus
        placeholder="Describe it in your own words. Enter starts it, Shift+Enter makes a new line."
        defaultValue={sessionStorage.getItem(kDraftName) ?? ''} onInput={keep} onKeyDown={onKeyDown}
      />
      <div class="examples">
        {kExamples.map((example) => <button type="button" key={example} onClick={() => fill(example)}>{example}</button>)}
      </div>
    </>
  );
}

function Choices() {
  return (
    <details class="choices">
      <summary>Environment, model and time</summary>
      <div class="grid">
        <label>
          Environment
          <select name="environment">
            <option value="">Full stack (the default)</option>
            <option value="node">Node.js</option>
            <option value="python">Python</option>
            <option value="full-stack">Full stack</option>
            <option value="data-science">Data science</option>
          </select>
        </label>
        <label>
          Ends after (minutes without a prompt)
          <input name="minutes" type="number" min={5} max={120} placeholder="60" />
        </label>
        <label>
          Model
          <input name="model" placeholder="the server’s own" autocomplete="off" spellcheck={false} />
        </label>
        <label>
          Image
          <input name="image" placeholder="the server’s own" autocomplete="off" spellcheck={false} />
        </label>
      </div>
    </details>
  );
}

function Problem({ problem }: { problem: ApiError }) {
  return (
    <div class="problem" role="alert">
      {problem.lines.map((line) => <p key={line}>{line}</p>)}
      {problem.hint && <p class="muted">{problem.hint}</p>}
    </div>
  );
}
