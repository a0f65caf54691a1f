import { CircleAlert, X } from 'lucide-preact';
import { dismiss, notices } from './state';

export function Notices() {
  return (
    <div class="notices" role="alert">
      {notices.value.map((notice) => (
        <div class="notice" key={notice.id}>
          <CircleAlert aria-hidden="true" />
          <div>
            <p>{notice.text}</p>
            {notice.hint && <p class="muted">{notice.hint}</p>}
          </div>
          <button class="icon" aria-label="Dismiss" onClick={() => dismiss(notice.id)}><X aria-hidden="true" /></button>
        </div>
      ))}
    </div>
  );
}
