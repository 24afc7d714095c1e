import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = process.env.ROLECALL_SERVER ?? 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    manifest: true,
    // 'data:' URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: 'index.html', join: 'join.html' } },
  },
  server: { proxy: { '/api': server, '/livekit': server } },
});
