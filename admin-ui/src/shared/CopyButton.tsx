import { useEffect, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Button, { type ButtonProps } from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Tooltip from '@mui/material/Tooltip';
import Check from '@mui/icons-material/Check';
import ContentCopy from '@mui/icons-material/ContentCopy';
import { useAnnounce } from './announce';

export interface CopyButtonProps {
  text: string;
  /** What is copied, for the label: "Copy token". */
  label: string;
  variant?: 'icon' | ButtonProps['variant'];
}

export function CopyButton({ text, label, variant = 'icon' }: CopyButtonProps) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const [isCopied, setIsCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const copy = async () => {
    const isDone = await copyText(text);
    announce(
      translate(isDone ? 'app.copy.done' : 'app.copy.failed'),
      isDone ? 'polite' : 'assertive',
    );
    setIsCopied(isDone);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIsCopied(false), 2_000);
  };

  const Icon = isCopied ? Check : ContentCopy;
  if (variant === 'icon') {
    return (
      <Tooltip title={isCopied ? translate('app.copy.done') : label}>
        <IconButton aria-label={label} onClick={() => void copy()}>
          <Icon sx={{ fontSize: 16 }} />
        </IconButton>
      </Tooltip>
    );
  }
  return (
    <Button variant={variant} startIcon={<Icon />} onClick={() => void copy()}>
      {isCopied ? translate('app.copy.done') : label}
    </Button>
  );
}

/** The clipboard API exists in secure contexts only; a dashboard on plain http has the old way. */
export async function copyText(text: string) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.setAttribute('readonly', '');
    area.style.position = 'fixed';
    area.style.opacity = '0';
    (document.querySelector('[role=dialog]') ?? document.body).append(area);
    area.select();
    try {
      return document.execCommand('copy');
    } finally {
      area.remove();
    }
  }
}
