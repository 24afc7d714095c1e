FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY migrations/package.json migrations/
COPY server/package.json server/
COPY admin-ui/package.json admin-ui/
COPY bench/package.json bench/
RUN npm ci
COPY tsconfig.base.json tsconfig.json ./
COPY migrations migrations
COPY server server
COPY admin-ui admin-ui
RUN npm run build
# What runs needs the packages of the server and the migrations alone.
RUN npm ci --omit=dev --workspace=server --workspace=migrations

FROM node:24-trixie-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/migrations/package.json migrations/
COPY --from=build /app/migrations/dist migrations/dist
COPY --from=build /app/server/package.json server/
COPY --from=build /app/server/dist server/dist
COPY --from=build /app/admin-ui/dist admin-ui/dist
# The ledger's key and mirror: give it a volume.
ENV ROLECALL_HOME=/var/lib/rolecall
RUN install -d -m 700 -o node -g node /var/lib/rolecall
USER node
EXPOSE 3000
CMD ["node", "--enable-source-maps", "server/dist/main.js"]
