import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  text: string;
  action: string;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, text, action, onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="card" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <p>{text}</p>
      <div class="actions">
        <button onClick={onClose} autofocus>Cancel</button>
        <button class="danger" onClick={() => { onConfirm(); onClose(); }}>{action}</button>
      </div>
    </dialog>
  );
}
