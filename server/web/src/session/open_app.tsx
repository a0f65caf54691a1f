// Apps that listen in the sandbox, in a tab of their own.
import { useEffect, useRef } from 'preact/hooks';
import { client, report } from '../ui/state';

const kUsualPort = 5173;
const lastPort = new Map<string, number>(); // of each session

// `path` begins with a slash. The tab is opened at once: browsers block those that come later.
export function openApp(id: string, port: number, path = '/'): void {
  lastPort.set(id, port);
  const tab = window.open('', '_blank');
  if (!tab) return report('The app was not opened', new Error('the browser blocks new tabs of this page'));
  tab.opener = null;
  client.previewUrl(id, port, path).then(
    (url) => tab.location.replace(url),
    (error: unknown) => {
      tab.close();
      report('The app was not opened', error);
    },
  );
}

export function OpenApp({ id, onClose }: { id: string; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const port = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const open = (event: SubmitEvent): void => {
    event.preventDefault();
    openApp(id, Number(port.current?.value));
    onClose();
  };
  return (
    <dialog ref={dialog} class="card" aria-labelledby="open-app-title" onClose={onClose}>
      <h2 id="open-app-title">Open an app of the sandbox</h2>
      <form onSubmit={open}>
        <label for="app-port">Port that it listens on</label>
        <input
          ref={port} id="app-port" type="number" min={1} max={65535} required autofocus
          defaultValue={String(lastPort.get(id) ?? kUsualPort)}
        />
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary">Open</button>
        </div>
      </form>
    </dialog>
  );
}
