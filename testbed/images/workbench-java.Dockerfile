# A workbench as a team that writes Java might have it: a JDK and Maven, nothing for Boardhand.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jdk-headless maven git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER 10001:10001
CMD ["/bin/sh"]
