# A workbench as a team that writes Python might have it: nothing of Boardhand is in it.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-pytest git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
ENV HOME=/tmp
USER 10001:10001
CMD ["/bin/sh"]
