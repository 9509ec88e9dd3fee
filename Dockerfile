# One image for every process; the command says which. Built by `docker compose build`.

# What runs: packages for production, native parts compiled where no prebuilt binary is to be had. Which
# packages may run install scripts stands in package.json (`allowScripts`).
FROM node:24.11.1-bookworm AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

# What is built: TypeScript to JavaScript. Compiling it needs no native parts, so no package runs anything.
FROM node:24.11.1-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY libs libs
COPY apps apps
RUN npm run build

FROM node:24.11.1-bookworm-slim
ENV NODE_ENV=production PORT=3000
WORKDIR /app
# A volume that is new takes owner and mode from here: each process's secrets, for our user and group alone.
RUN for folder in made session-api relay projector anomaly setup kafka kurrentdb postgres grafana; do \
      mkdir -p "/secrets/$folder" && chown 1000:1000 "/secrets/$folder" && chmod 0750 "/secrets/$folder"; \
    done
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE NOTICE ./
COPY apps/standalone/clients.development.json apps/standalone/clients.development.json
COPY deploy/health.mjs deploy/health.mjs
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["node", "deploy/health.mjs"]
CMD ["node", "dist/apps/standalone/src/main.js"]
