# syntax=docker/dockerfile:1

# --- builds dist/aegis.mjs
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/bundle.mjs ./scripts/
COPY src ./src
RUN npm run build

# --- the one package that a bundle cannot hold, because it carries machine code; it is prebuilt, so nothing compiles
FROM node:24-bookworm-slim AS addon
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && cd node_modules/better-sqlite3 \
 && rm -rf deps src binding.gyp prebuilds/darwin-* prebuilds/win32-* prebuilds/linuxmusl-*

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="AegisGitea MCP" org.opencontainers.image.licenses="MIT"
# Listening on every interface is for the container's own network: publish the port to a TLS proxy only.
ENV NODE_ENV=production \
    ENVIRONMENT=production \
    MCP_HOST=0.0.0.0 \
    MCP_PORT=8080 \
    ALLOW_INSECURE_BIND=true \
    DATABASE_PATH=/data/aegis.db \
    POLICY_FILE_PATH=/etc/aegis/policy.yaml
WORKDIR /app
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY policy/policy.yaml /etc/aegis/policy.yaml
COPY --from=addon /app/node_modules/better-sqlite3 ./node_modules/better-sqlite3
COPY --from=build /app/dist/aegis.mjs /app/dist/aegis.mjs.map ./dist/
# /data is all that is ever written. An addon that does not fit this image is found here and not at the first start.
RUN ln -s /app/dist/aegis.mjs /usr/local/bin/aegis \
 && mkdir -m 700 /data \
 && chown 1000:1000 /data \
 && node -e "new (require('better-sqlite3'))(':memory:')"
USER 1000:1000
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MCP_PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=512", "dist/aegis.mjs", "serve"]
