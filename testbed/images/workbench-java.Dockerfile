# A workbench as a team that writes Java might have it: a JDK, Maven, and a word on certificates.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jdk-headless maven git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY PemTrust.java /usr/local/lib/pem-trust/
COPY mvn.sh /usr/local/bin/mvn
RUN javac -d /usr/local/lib/pem-trust /usr/local/lib/pem-trust/PemTrust.java && chmod 755 /usr/local/bin/mvn
# The JVM takes its home from the password file, which knows no user of a pod's number.
ENV HOME=/tmp MAVEN_OPTS=-Duser.home=/tmp
USER 10001:10001
CMD ["/bin/sh"]
